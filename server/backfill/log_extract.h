// Metrics out of a stored log: walks its pieces in order and gives the points that the rules find,
// by the same code as on a worker, so a definition added after the fact finds what it would have
// found during the run. Memory is bounded by one piece, one line and one batch.
//
// Where bytes were not kept (beyond the log limit) nothing is invented: the line that the gap tears
// is not matched, on either side of it.
//
// Pure: storage is behind two functions. Threads: one call at a time per pair of functions.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "server/core/metric_point.h"
#include "worker/capture/arrival_times.h"
#include "worker/capture/metric_rules.h"
#include "worker/capture/report_cut.h"
#include "worker/capture/rule_counters.h"

namespace xp::backfill {

// Consecutive stored bytes.
struct StoredPiece {
  uint64_t offset =
      0;              // of the first byte; beyond the one asked for: what lies between is not kept
  std::string bytes;  // empty: the end of what is stored
  std::vector<capture::ArrivalRange> times;  // the first covers `offset`
};

// The next piece at or after `offset`.
using ReadPiece = std::function<absl::StatusOr<StoredPiece>(uint64_t offset)>;

// Points of one series, in the order of the log. Steps that nobody printed are numbered 1, 2, 3 ...
struct SeriesBatch {
  std::string metric;
  size_t rule = 0;  // whose it is: a definition's place, or the preset's behind them
  std::vector<core::MetricPoint> points;
};

// Takes what one stretch of the log gave. A status that is not OK ends the walk with it.
using TakeBatch = std::function<absl::Status(const std::vector<SeriesBatch>&)>;

struct ExtractOptions {
  absl::TimeZone zone = absl::UTCTimeZone();  // of the worker that wrote the log
  size_t max_points = 16 * 1024;              // of a batch, unless a single line has more
};

struct Extracted {
  std::vector<capture::RuleCounters> counters;  // one per rule
  uint64_t bytes = 0;                           // scanned
  uint64_t bytes_not_kept = 0;                  // gaps that were met
  uint64_t lines = 0;
  uint64_t long_lines = 0;
  uint64_t points = 0;
};

// Errors: those of `read` and `take`; INTERNAL if `read` goes backwards.
absl::StatusOr<Extracted> ExtractLog(const capture::MetricRules& rules, const ReadPiece& read,
                                     const TakeBatch& take, const ExtractOptions& options = {});

}  // namespace xp::backfill
