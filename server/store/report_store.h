// Reports: bytes [from, to) of one source with their times, points and counters, stored in one
// transaction with the new offset (DESIGN section 4, rule 2).
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <memory>

#include "xp/v1/metrics.pb.h"
#include "xp/v1/workers.pb.h"

namespace xp::store {

// A report that was checked and unpacked, its log bytes packed as they are stored. Made on any
// thread, so that the writer has nothing to compress. Immutable.
class PreparedReport;

// INVALID_ARGUMENT, naming the field: sizes that do not agree, damaged zstd, columns of different
// length, times that do not cover the bytes or go backwards in offset, a bad metric name or source.
absl::StatusOr<std::shared_ptr<const PreparedReport>> PrepareReport(const v1::Report& report);

struct ReportAnswer {
  v1::SourceOffset held;   // after the report, whether it was taken or not
  bool taken = false;      // false: `from` or the generation was not what is held; nothing changed
  bool confirmed = false;  // it was the last missing piece: the attempt's end is stored
};

// Inside a change (write_context.h).
class ReportWrites {
 public:
  virtual ~ReportWrites() = default;

  // NOT_FOUND: deleted or unknown. FAILED_PRECONDITION: an older attempt, or the trial has ended
  // without it. RESOURCE_EXHAUSTED: the disk is below its reserve. A report that comes again after
  // the attempt's end was stored is answered with what is held.
  virtual absl::StatusOr<ReportAnswer> Report(const PreparedReport& report) = 0;

  // Points over the network under a writer's own sequence; codes as in metrics.proto.
  virtual absl::StatusOr<v1::WritePointsResponse> WritePoints(
      const v1::WritePointsRequest& request) = 0;
};

}  // namespace xp::store
