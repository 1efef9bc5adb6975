// Points on their way into an attempt's series, whatever their source.
#pragma once

#include <absl/status/status.h>

#include <cstdint>
#include <string>
#include <vector>

#include "server/store/prepared_report.h"
#include "server/store/sqlite/attempt_end.h"
#include "server/store/sqlite/source_row.h"
#include "server/store/sqlite/write_session.h"

namespace xp::store {

// Points that were not taken, as there are limits::kSeriesPerAttemptMax series already.
struct DroppedSeries {
  std::string metric;
  uint64_t points = 0;
};

// Stores `series` under `source` (whose counts of points and series rise), updates the summaries,
// and of a resumed attempt what counts of its predecessors. Answers what was dropped.
absl::StatusOr<std::vector<DroppedSeries>> StorePoints(WriteSession& session,
                                                       const FencedAttempt& both, SourceRow& source,
                                                       std::vector<IncomingSeries> series);

// Adds the differences of `report` and what was dropped to the attempt's counters.
absl::Status AddCounters(Database& db, int64_t attempt_id, const v1::Report& report,
                         const std::vector<DroppedSeries>& dropped);

absl::StatusOr<v1::Receipt> LoadCounters(Database& db, int64_t attempt_id);
absl::Status SaveCounters(Database& db, int64_t attempt_id, const v1::Receipt& counters);

}  // namespace xp::store
