// Cuts the next report out of a log: from bytes read at a position it takes as many whole lines as
// the bounds allow and gives what is in them. The worker's report pump, the server's backfill and
// `xpctl metrics test` all come through here.
//
// Property (tested): however the bytes are split into reads and reports, the points (order, value,
// step, epoch, time, offset), merged counters and totals are the same.
//
// Pure: no files, no clock. Threads: one call at a time per SeriesNames.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <absl/time/time.h>
#include "proto/limits.h"
#include "worker/capture/arrival_times.h"
#include "worker/capture/log_position.h"
#include "worker/capture/metric_rules.h"
#include "worker/capture/point.h"
#include "worker/capture/rule_counters.h"
#include "worker/capture/series_names.h"

namespace xp::capture {

// Points of one report at most, unless a single line has more (40 definitions x 1,000 matches is
// the worst): with some 25 bytes a point on the wire a report stays under
// limits::kMessageTargetBytes.
inline constexpr size_t kReportMaxPoints = 16 * 1024;

// How lines are matched: kPrefiltered finds the few lines worth a regex by scanning whole blocks
// for the definitions' literals; kEveryLine runs each regex on each line. The results are the same,
// which the tests hold; only the speed differs.
enum class Matching { kPrefiltered, kEveryLine };

struct CutOptions {
  LogEnd end = LogEnd::kMayGrow;
  size_t max_bytes =
      limits::kReportMaxBytes;  // must exceed max_line_bytes, else a long line stalls
  size_t max_points = kReportMaxPoints;
  size_t max_line_bytes = limits::kLineMaxBytes;
  absl::TimeZone zone = absl::UTCTimeZone();  // the worker's, for times printed without one
  Matching matching = Matching::kPrefiltered;
};

struct Report {
  LogPosition from;
  LogPosition to;  // from == to: no whole line yet; read more and come again
  uint64_t lines = 0;
  uint64_t long_lines = 0;             // lines that were cut
  std::vector<std::string> series;     // names, each once, in order of first appearance
  std::vector<Point> points;           // in source order: by line, then rule, then match
  std::vector<RuleCounters> counters;  // one per rule, of [from, to) alone

  uint64_t bytes() const { return to.offset - from.offset; }
};

// `bytes` are those of the log from `from.offset` on; what lies beyond options.max_bytes is left
// for the next report, and LogEnd::kFinal means that the last of `bytes` is the last of the log.
// `names` is the attempt's and is added to.
Report CutReport(const MetricRules& rules, LogPosition from, std::string_view bytes,
                 const ArrivalTimes& times, SeriesNames* names, const CutOptions& options = {});

}  // namespace xp::capture
