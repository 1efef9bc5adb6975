// Metrics after the fact: series of a definition's revision are built aside, in as many changes as
// they need, and swapped in by one. What was begun and not finished is removed at the next start.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "server/core/metric_point.h"
#include "xp/v1/metrics.pb.h"

namespace xp::store {

// What is to be extracted: the definitions with their new revisions, and a preset or none.
struct BackfillPlan {
  std::string trial_uid;
  std::string name;  // "E/T"
  int32_t attempt = 0;
  // Those that this attempt lacks; empty (and no preset): nothing to do, it has them all.
  std::vector<v1::MetricDefinition> definitions;
  std::string metrics_preset;
  std::string time_zone;     // Started.time_zone of the attempt
  int32_t utc_offset_s = 0;  // Started.utc_offset_seconds
  enum class Readiness {
    kReady,        // ended, and something is to be extracted
    kUnchanged,    // these revisions are there already
    kWaitsForEnd,  // still running: remembered, and listed by ListPending once it has ended
    kNoLog,        // nothing is stored of its log
  };
  Readiness readiness = Readiness::kReady;
  uint64_t log_bytes = 0;       // length of the log
  uint64_t bytes_not_kept = 0;  // missing in its middle
};

// Inside a change (write_context.h).
class BackfillWrites {
 public:
  virtual ~BackfillWrites() = default;

  // What there is to do for all attempts of these trials (bare names; empty: all of the
  // experiment), oldest first. Gives each definition its revision: a name that exists with another
  // regex gets the next one. NOT_FOUND; INVALID_ARGUMENT: a name twice.
  virtual absl::StatusOr<std::vector<BackfillPlan>> Plan(
      const v1::BackfillMetricsRequest& request) = 0;

  // Begins to build aside; drops what an earlier build of this attempt left. The answer names the
  // build. FAILED_PRECONDITION: the attempt has not ended. NOT_FOUND.
  virtual absl::StatusOr<int64_t> Begin(const BackfillPlan& plan) = 0;

  // Adds points of one series at its end, in the order of the log; `revision` is the definition's
  // (1 for a preset's). NOT_FOUND: no such build.
  virtual absl::Status Append(int64_t build, const std::string& metric, int32_t revision,
                              const std::vector<core::MetricPoint>& points) = 0;

  // Swaps the built series in; of each metric the older revision is kept and no longer compared.
  // `receipts` are the whole counters of the definitions. NOT_FOUND: no such build.
  virtual absl::Status Finish(int64_t build,
                              const std::vector<v1::DefinitionReceipt>& receipts) = 0;

  // Drops a build. OK when there is none.
  virtual absl::Status Abandon(int64_t build) = 0;
};

class BackfillReads {
 public:
  virtual ~BackfillReads() = default;

  // Plans that waited for an end which has come.
  virtual absl::StatusOr<std::vector<BackfillPlan>> ListPending() = 0;
};

}  // namespace xp::store
