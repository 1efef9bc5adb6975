// Reads $XP_METRICS_FILE: JSON lines that the program appends (docs/capture.md, "metrics file").
//
//   {"loss": 0.31, "acc": 0.9, "step": 120, "epoch": 1.5}     each other key is a series
//   {"xp": "resumed", "step": 120}                           the attempt goes on from a checkpoint
//   {"xp": "silent_for", "seconds": 600}                     nothing may be heard of it for so long
//
// `step`, `epoch` and `time` hold for all values of their line; NaN, Infinity and quoted numbers
// are taken. A line that is no JSON object, and a value that is no number, is counted with a
// sample; nothing stops the reading.
//
// A file that has shrunk since was begun anew by the program: it is read again from 0 as its next
// generation (NextMetricsPosition). Series of all generations are one; generations are counted.
//
// Pure, like report_cut.h, with the same property for any cutting.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "worker/capture/report_cut.h"

namespace xp::capture {

inline constexpr char kMetricsFileLabel[] = "metrics-file";

struct MetricsPosition {
  uint32_t generation = 0;
  LogPosition position;
};

// Where to read on when the file is now `file_size` bytes long.
MetricsPosition NextMetricsPosition(MetricsPosition held, uint64_t file_size);

// The program says that it continues its predecessor's work (DESIGN section 8, "which attempts
// count").
struct ResumedMarker {
  std::optional<int64_t> step;  // of the checkpoint that it goes on from; empty: not told
  uint64_t offset = 0;
};

// The program promises silence: until so much later, not hearing of its machine means nothing (it
// saves a checkpoint that keeps disk and network busy).
struct SilenceMarker {
  double seconds = 0;  // finite, not negative; 0 takes an earlier promise back
  uint64_t offset = 0;
};

struct MetricsReport {
  LogPosition from;
  LogPosition to;
  uint64_t lines = 0;
  uint64_t long_lines = 0;
  std::vector<std::string> series;
  std::vector<Point> points;
  std::vector<ResumedMarker> resumed;
  std::vector<SilenceMarker> silences;
  // Lines that are no JSON object, hold a value that is no number, or a step, epoch or time that is
  // none. Good values of such a line are taken.
  uint64_t bad_lines = 0;
  Sample last_bad_line;
  // Of the values, as for a definition; its label in receipts is kMetricsFileLabel. A line that is
  // no object counts as one rejected match.
  RuleCounters counters;

  uint64_t bytes() const { return to.offset - from.offset; }
};

// Uses of the options: end, max_bytes, max_points, max_line_bytes, zone.
MetricsReport CutMetricsReport(LogPosition from, std::string_view bytes, const ArrivalTimes& times,
                               SeriesNames* names, const CutOptions& options = {});

}  // namespace xp::capture
