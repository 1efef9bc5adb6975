// What `xpctl metrics test` prints: a whole log run through the same code as on a worker, with the
// first points of each series and the counters of each definition. Pure but for reading the file.
//
// Errors of PreviewLog: NOT_FOUND when there is no such file, otherwise those of ReadTail.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <absl/status/statusor.h>
#include "worker/capture/report_cut.h"

namespace xp::capture {

// First points kept per rule: enough to see whether steps, epochs and values are the right ones.
inline constexpr size_t kPreviewPoints = 5;

struct PreviewPoint {
  std::string series;
  Point point;
};

struct RulePreview {
  std::string label;  // metric name, or `preset:NAME`
  RuleCounters counters;
  std::vector<std::string> series;         // all that it yielded, in order of appearance
  std::vector<PreviewPoint> first_points;  // at most kPreviewPoints
  // One sentence when the rule needs attention (matched nothing, no number, dropped some), else
  // empty.
  std::string advice;
};

struct Preview {
  uint64_t bytes = 0;
  uint64_t lines = 0;
  uint64_t long_lines = 0;
  uint64_t points = 0;
  std::vector<RulePreview> rules;
};

absl::StatusOr<Preview> PreviewLog(const MetricRules& rules, const std::string& path,
                                   absl::TimeZone zone = absl::UTCTimeZone());

// The sentence of RulePreview::advice, for receipts too. `lines`: lines seen.
std::string AdviceFor(const std::string& label, const RuleCounters& counters, uint64_t lines);

}  // namespace xp::capture
