// What one metric definition (or preset) has seen, kept as differences: each report carries the
// counters of its own bytes, and Merge adds those of the bytes that follow. However a log is cut
// into reports, the merged counters are the same.
//
// matches = numbers + rejected + beyond_limits + dropped_at_cut.
// Samples are valid UTF-8 without control characters, at most limits::kSampleMaxBytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace xp::capture {

struct Sample {
  std::string text;     // empty: none
  uint64_t offset = 0;  // of the line that it comes from
};

inline constexpr size_t kDroppedSeriesMax = 20;

// The line that comes nearest to a definition which matched nothing: the one that holds most of the
// regex's words. Zero score: no line shares a word with it.
struct NearestLine {
  uint32_t score = 0;  // bytes of the regex's words that the line holds, case aside
  Sample line;
};

struct RuleCounters {
  uint64_t matches = 0;
  uint64_t numbers = 0;          // points taken
  uint64_t rejected = 0;         // the value was no number
  uint64_t beyond_limits = 0;    // more matches in a line, or more series, than the limits allow
  uint64_t dropped_at_cut = 0;   // touched the cut of a line beyond limits::kLineMaxBytes
  uint64_t fields_rejected = 0;  // step, epoch or time not understood: the point counts without it

  Sample last;           // text of the last match that gave a number
  Sample last_rejected;  // text of the last value (or step, epoch, time) that was not understood
  NearestLine nearest;   // kept only while matches == 0

  // Names of series beyond limits::kSeriesPerAttemptMax, each once, the first kDroppedSeriesMax.
  std::vector<std::string> dropped_series;

  void AddDroppedSeries(std::string_view name);

  // Adds the counters of bytes that follow those of this one.
  void Merge(const RuleCounters& later);
};

}  // namespace xp::capture
