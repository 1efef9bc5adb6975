// What is kept per series so that compare never reads points (DESIGN sections 4 and 8).
//
// Points are added one by one in source order (Welford), so any cutting of the source into reports
// gives the same bits. Statistics are over finite values; NaN and ±Inf are counted apart. First and
// last go by position among the finite values, not by step or time.
// Plain data, stored field by field. Not thread safe.
#pragma once

#include <cstdint>

#include "server/core/metric_point.h"

namespace xp::core {

// A point that the summary remembers by name. Meaningful only when the summary has values.
struct SummaryPoint {
  double value = 0;
  int64_t step = 0;
  double epoch = kNoEpoch;
  int64_t time_ms = 0;
};

struct MetricSummary {
  uint64_t count = 0;  // finite values
  uint64_t nan_count = 0;
  uint64_t inf_count = 0;  // of either sign
  double mean = 0;         // of the finite values; 0 while count is 0
  double m2 = 0;           // sum of squared distances from the mean; +Inf where it overflows
  SummaryPoint min;        // of equal values the first
  SummaryPoint max;
  SummaryPoint first;
  SummaryPoint last;

  void Add(const MetricPoint& point);

  bool has_values() const { return count > 0; }
  uint64_t points() const { return count + nan_count + inf_count; }

  // The sample standard deviation (n - 1); 0 when count is 0 or 1.
  double StdDev() const;
};

// The summary of `prefix`'s points followed by `running`'s: the first is the prefix's, the last the
// running one's. For an attempt that continues its predecessor (resume.h).
MetricSummary Merge(const MetricSummary& prefix, const MetricSummary& running);

// Every field, bit for bit.
bool BitEqual(const MetricSummary& a, const MetricSummary& b);

}  // namespace xp::core
