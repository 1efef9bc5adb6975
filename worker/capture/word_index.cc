#include "worker/capture/word_index.h"

#include <algorithm>

#include "worker/capture/clean_text.h"
#include "worker/capture/regex_syntax.h"

namespace xp::capture {

WordIndex::WordIndex(const std::vector<std::string>& regexes) {
  for (const std::string& regex : regexes) {
    std::vector<size_t> indexes;
    uint32_t best = 0;
    for (const std::string& word : LiteralWords(regex)) {
      const auto known = std::find(words_.begin(), words_.end(), word);
      indexes.push_back(static_cast<size_t>(known - words_.begin()));
      best += static_cast<uint32_t>(word.size());
      if (known == words_.end()) words_.push_back(word);
    }
    words_of_rule_.push_back(std::move(indexes));
    best_score_.push_back(best);
  }
  if (words_.empty()) return;
  std::string alternatives;  // words are letters, digits and underscores: nothing to quote
  for (const std::string& word : words_) alternatives += (alternatives.empty() ? "" : "|") + word;
  RE2::Options options;
  options.set_log_errors(false);
  auto any_word = std::make_unique<RE2>("(?i)(?:" + alternatives + ")", options);
  if (any_word->ok()) any_word_ = std::move(any_word);
}

NearestSearch::NearestSearch(const WordIndex& index, std::vector<RuleCounters>* counters)
    : index_(index), counters_(counters), in_line_(index.words_.size()) {
  if (index.any_word_ == nullptr) return;
  for (size_t rule = 0; rule < index.words_of_rule_.size(); ++rule) {
    if (index.best_score_[rule] > 0) open_rules_.push_back(rule);
  }
}

bool NearestSearch::open() {
  const auto settled = [&](size_t rule) {
    const RuleCounters& counters = (*counters_)[rule];
    return counters.matches > 0 || counters.nearest.score == index_.best_score_[rule];
  };
  open_rules_.erase(std::remove_if(open_rules_.begin(), open_rules_.end(), settled),
                    open_rules_.end());
  return !open_rules_.empty();
}

void NearestSearch::Look(std::string_view line, uint64_t offset) {
  if (!open()) return;
  const std::string lower = ToLowerAscii(line);
  std::fill(in_line_.begin(), in_line_.end(), -1);
  for (const size_t rule : open_rules_) {
    uint32_t score = 0;
    for (const size_t word : index_.words_of_rule_[rule]) {
      if (in_line_[word] < 0) in_line_[word] = lower.find(index_.words_[word]) != std::string::npos;
      if (in_line_[word] > 0) score += static_cast<uint32_t>(index_.words_[word].size());
    }
    NearestLine& nearest = (*counters_)[rule].nearest;
    if (score > nearest.score) nearest = {score, {MakeSample(line), offset}};
  }
}

}  // namespace xp::capture
