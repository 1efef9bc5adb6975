#include "worker/capture/metric_extract.h"

#include <algorithm>

#include "worker/capture/clean_text.h"
#include "worker/capture/presets.h"

namespace xp::capture {
namespace {

constexpr int kSubmatchesMax = 256;  // groups of a 500-character regex: 250 at most, and the whole

std::string_view View(const re2::StringPiece& piece) { return {piece.data(), piece.size()}; }

// One past the character that begins at `at`.
size_t NextCharacter(std::string_view text, size_t at) {
  ++at;
  while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at;
  return at;
}

}  // namespace

MetricExtract::MetricExtract(const MetricRules& rules, Matching matching, std::string_view block,
                             PointSink* sink, std::vector<RuleCounters>* counters)
    : rules_(rules.compiled()),
      matching_(matching),
      sink_(sink),
      nearest_(*rules_.words, counters),
      literals_(rules_.prefilter ? rules_.prefilter->literals() : nullptr, block),
      words_(rules_.words->any_word(), block) {}

bool MetricExtract::Extract(const Line& line) {
  const bool has_escape = line.text.find('\x1b') != std::string_view::npos;
  if (has_escape && CleanLine(line.text, &clean_).empty()) return false;
  sink_->StartLine(line);
  if (matching_ == Matching::kPrefiltered) {
    ExtractFiltered(line, has_escape);
  } else {
    ExtractNaive(line, CleanLine(line.text, &clean_));
  }
  return true;
}

void MetricExtract::ExtractNaive(const Line& line, std::string_view text) {
  for (size_t rule = 0; rule < rules_.definitions.size(); ++rule) RunDefinition(rule, line, text);
  RunPreset(rules_, rules_.definitions.size(), text, sink_);
  nearest_.Look(text, line.offset);
}

void MetricExtract::ExtractFiltered(const Line& line, bool has_escape) {
  // Escape sequences may stand inside a literal or a word, so the raw bytes of such a line prove
  // nothing.
  const bool has_literal = has_escape || literals_.FoundIn(line.text);
  const bool has_rules =
      rules_.prefilter != nullptr && (has_literal || rules_.prefilter->has_unfiltered());
  const bool has_preset =
      rules_.preset != Preset::kNone && (has_escape || PresetMayMatch(rules_.preset, line.text));
  const bool has_word = nearest_.open() && (has_escape || words_.FoundIn(line.text));
  if (!has_rules && !has_preset && !has_word) return;
  const std::string_view text = CleanLine(line.text, &clean_);
  if (has_rules) {
    rules_.prefilter->Candidates(text, has_literal, &candidates_);
    for (const int rule : candidates_) RunDefinition(static_cast<size_t>(rule), line, text);
  }
  if (has_preset) RunPreset(rules_, rules_.definitions.size(), text, sink_);
  if (has_word) nearest_.Look(text, line.offset);
}

void MetricExtract::RunDefinition(size_t rule, const Line& line, std::string_view text) {
  const CompiledDefinition& definition = rules_.definitions[rule];
  re2::StringPiece groups[kSubmatchesMax];
  const auto group = [&](int number) {
    return number == 0 ? std::string_view() : View(groups[number]);
  };
  size_t found_on_line = 0;
  size_t at = 0;
  while (at < text.size()) {
    // Beyond the limit matches are only counted.
    const bool counted_only = found_on_line >= limits::kMatchesPerLineMax;
    if (!definition.regex->Match(text, at, text.size(), RE2::UNANCHORED, groups,
                                 counted_only ? 1 : definition.groups_used)) {
      return;
    }
    const size_t begin = static_cast<size_t>(groups[0].data() - text.data());
    if (groups[0].empty()) {  // an empty match is none
      at = NextCharacter(text, begin);
      continue;
    }
    ++found_on_line;
    at = begin + groups[0].size();
    Found found{rule, rules_.labels[rule], {}, View(groups[0])};
    found.touches_cut = line.cut && at == text.size();
    if (!counted_only) {
      found.value = group(definition.value_group);
      found.step = group(definition.step_group);
      found.epoch = group(definition.epoch_group);
      found.time = group(definition.time_group);
    }
    sink_->Add(found);
  }
}

}  // namespace xp::capture
