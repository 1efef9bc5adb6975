#include "worker/capture/prefilter.h"

#include <re2/filtered_re2.h>

#include <algorithm>

namespace xp::capture {
namespace {

// Shorter literals are in nearly every line.
constexpr int kLiteralMinLength = 3;

RE2::Options QuietOptions() {
  RE2::Options options;
  options.set_log_errors(false);
  return options;
}

// RE2's lower-casing of literals and its matching without regard to case agree for ASCII alone (the
// dotted capital I is one that does not), so rules that may hold other literals go unfiltered.
bool IsPlain(std::string_view regex) {
  for (size_t i = 0; i < regex.size(); ++i) {
    if (static_cast<unsigned char>(regex[i]) >= 0x80) return false;
    if (regex[i] != '\\' || i + 1 == regex.size()) continue;
    const char escape = regex[++i];
    if (escape == 'x' || escape == 'p' || escape == 'P' || ('0' <= escape && escape <= '9')) {
      return false;
    }
  }
  return true;
}

std::unique_ptr<RE2::Set> MakeSet(const std::vector<std::string>& regexes,
                                  const std::vector<int>& rules) {
  if (rules.size() < 2) return nullptr;  // a set only adds a pass then
  auto set = std::make_unique<RE2::Set>(QuietOptions(), RE2::UNANCHORED);
  for (const int rule : rules) {
    if (set->Add(regexes[static_cast<size_t>(rule)], nullptr) < 0) return nullptr;
  }
  if (!set->Compile()) return nullptr;
  return set;
}

// The rules of `all` that match. Without a set, or when its automaton outgrows its memory, all.
void MatchSet(const RE2::Set* set, const std::vector<int>& all, std::string_view line,
              std::vector<int>* rules) {
  rules->clear();
  if (set == nullptr) {
    *rules = all;
    return;
  }
  RE2::Set::ErrorInfo error{RE2::Set::kNoError};
  std::vector<int> members;
  if (!set->Match(line, &members, &error)) {
    if (error.kind != RE2::Set::kNoError) *rules = all;
    return;
  }
  std::sort(members.begin(), members.end());
  for (const int member : members) rules->push_back(all[static_cast<size_t>(member)]);
}

std::vector<int> Iota(size_t size) {
  std::vector<int> all(size);
  for (size_t i = 0; i < size; ++i) all[i] = static_cast<int>(i);
  return all;
}

}  // namespace

Prefilter::Prefilter(const std::vector<std::string>& regexes) : all_(Iota(regexes.size())) {
  re2::FilteredRE2 filter(kLiteralMinLength);
  std::vector<int> plain;  // rules in the filter, in its order
  for (size_t i = 0; i < regexes.size(); ++i) {
    int id = 0;
    if (IsPlain(regexes[i]) && filter.Add(regexes[i], QuietOptions(), &id) == RE2::NoError) {
      plain.push_back(static_cast<int>(i));
    } else {
      unfiltered_.push_back(static_cast<int>(i));
    }
  }
  std::vector<std::string> literals;
  if (!plain.empty()) {
    filter.Compile(&literals);
    std::vector<int> always;  // those that pass without any literal
    filter.AllPotentials({}, &always);
    for (const int id : always) unfiltered_.push_back(plain[static_cast<size_t>(id)]);
  }
  std::sort(unfiltered_.begin(), unfiltered_.end());
  if (!literals.empty()) {
    std::string alternatives;
    for (const std::string& literal : literals) {
      alternatives += (alternatives.empty() ? "" : "|") + RE2::QuoteMeta(literal);
    }
    auto scan = std::make_unique<RE2>("(?i)(?:" + alternatives + ")", QuietOptions());
    if (scan->ok()) {
      literals_ = std::move(scan);
    } else {
      unfiltered_ = all_;
    }
  }
  all_set_ = MakeSet(regexes, all_);
  unfiltered_set_ = MakeSet(regexes, unfiltered_);
}

void Prefilter::Candidates(std::string_view line, bool has_literal, std::vector<int>* rules) const {
  if (has_literal) {
    MatchSet(all_set_.get(), all_, line, rules);
  } else {
    MatchSet(unfiltered_set_.get(), unfiltered_, line, rules);
  }
}

bool BlockScan::FoundIn(std::string_view line) {
  if (pattern_ == nullptr) return false;
  const size_t begin = static_cast<size_t>(line.data() - block_.data());
  if (!started_ || next_ < begin) {
    started_ = true;
    re2::StringPiece match;
    const bool found = pattern_->Match(block_, begin, block_.size(), RE2::UNANCHORED, &match, 1);
    next_ = found ? static_cast<size_t>(match.data() - block_.data()) : block_.size();
  }
  return next_ < begin + line.size();
}

}  // namespace xp::capture
