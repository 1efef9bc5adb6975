// A point into the columns that the API has (metrics.proto: Points). Pure; safe from any thread.
#pragma once

#include "server/core/metric_point.h"
#include "xp/v1/metrics.pb.h"

namespace xp::store {

inline void AddPoint(const core::MetricPoint& point, v1::Points& columns) {
  columns.add_values(point.value);
  columns.add_steps(point.step);
  columns.add_epochs(point.epoch);
  columns.add_times_ms(point.time_ms);
  columns.add_offsets(point.log_offset);
}

}  // namespace xp::store
