// The compare table as the API's messages.
// Pure functions on values; safe from any thread.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "server/core/trial_compare.h"
#include "server/store/metric_store.h"
#include "xp/v1/metrics.pb.h"

namespace xp::rpc {

// A table and what it was made of.
struct Comparison {
  store::CompareData data;  // without its trials
  std::vector<core::CompareTrial> trials;
  core::CompareTable table;
  std::string group_by;
  core::MetricStat stat = core::MetricStat::kAvg;
  // The columns of each metric's `stat` and (for groups) of its average, in the order of metrics.
  struct Metric {
    std::string name;
    size_t stat_column = 0;
    size_t avg_column = 0;
  };
  std::vector<Metric> metrics;
};

// Everything but the rows and the token.
v1::CompareTrialsResponse MakeHead(const Comparison& comparison);

v1::CompareRow MakeRow(const Comparison& comparison, const core::CompareRow& row);

}  // namespace xp::rpc
