// A report that was checked and unpacked off the writer's thread (report_store.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "server/core/metric_point.h"
#include "server/store/log_chunk.h"
#include "server/store/report_store.h"

namespace xp::store {

// Points of one series on the way in; a step that nobody printed is numbered in the transaction.
struct IncomingSeries {
  std::string metric;
  std::vector<core::MetricPoint> points;
};

// INVALID_ARGUMENT, beginning with `field`: columns of different length, or a bad name. `times` may
// be empty when `arrival_ms` is given.
absl::StatusOr<IncomingSeries> ReadSeriesPoints(const std::string& field,
                                                const v1::SeriesPoints& series,
                                                std::optional<int64_t> arrival_ms);

class PreparedReport {
 public:
  v1::Report message;  // without data, series and times
  std::string data;    // packed as it is stored; empty when from == to
  ArrivalTimes times;
  std::vector<IncomingSeries> series;
};

}  // namespace xp::store
