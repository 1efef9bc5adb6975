#include "server/core/metric_summary.h"

#include <bit>
#include <cmath>
#include <limits>

namespace xp::core {
namespace {

SummaryPoint Remember(const MetricPoint& point) {
  return {point.value, point.step, point.epoch, point.time_ms};
}

// Squares of values beyond 1e154 leave the range of a double: the sum is then +Inf, never NaN.
double Saturate(double m2) {
  return std::isfinite(m2) ? m2 : std::numeric_limits<double>::infinity();
}

uint64_t Bits(double value) { return std::bit_cast<uint64_t>(value); }

bool BitEqual(const SummaryPoint& a, const SummaryPoint& b) {
  const bool epochs_equal =
      std::isnan(a.epoch) ? std::isnan(b.epoch) : Bits(a.epoch) == Bits(b.epoch);
  return Bits(a.value) == Bits(b.value) && a.step == b.step && epochs_equal &&
         a.time_ms == b.time_ms;
}

}  // namespace

void MetricSummary::Add(const MetricPoint& point) {
  if (std::isnan(point.value)) {
    ++nan_count;
    return;
  }
  if (std::isinf(point.value)) {
    ++inf_count;
    return;
  }
  ++count;
  const double n = static_cast<double>(count);
  const double delta = point.value - mean;
  if (std::isfinite(delta)) {
    mean += delta / n;
    m2 = Saturate(m2 + delta * (point.value - mean));
  } else {  // +1e308 after -1e308: their distance is no double, their mean is
    mean = mean * ((n - 1) / n) + point.value / n;
    m2 = std::numeric_limits<double>::infinity();
  }
  last = Remember(point);
  if (count == 1) {
    first = min = max = last;
    return;
  }
  if (point.value < min.value) min = last;
  if (point.value > max.value) max = last;
}

double MetricSummary::StdDev() const {
  return count < 2 ? 0 : std::sqrt(m2 / static_cast<double>(count - 1));
}

MetricSummary Merge(const MetricSummary& prefix, const MetricSummary& running) {
  MetricSummary merged = prefix.has_values() ? prefix : running;
  if (prefix.has_values() && running.has_values()) {
    const double a = static_cast<double>(prefix.count);
    const double b = static_cast<double>(running.count);
    const double delta = running.mean - prefix.mean;
    merged.count = prefix.count + running.count;
    // Chan et al.; written so that no part overflows before the whole does.
    merged.mean = std::isfinite(delta) ? prefix.mean + delta * (b / (a + b))
                                       : prefix.mean * (a / (a + b)) + running.mean * (b / (a + b));
    merged.m2 = Saturate(prefix.m2 + running.m2 + delta * delta * (a * (b / (a + b))));
    if (running.min.value < prefix.min.value) merged.min = running.min;
    if (running.max.value > prefix.max.value) merged.max = running.max;
    merged.last = running.last;
  }
  merged.nan_count = prefix.nan_count + running.nan_count;
  merged.inf_count = prefix.inf_count + running.inf_count;
  return merged;
}

bool BitEqual(const MetricSummary& a, const MetricSummary& b) {
  return a.count == b.count && a.nan_count == b.nan_count && a.inf_count == b.inf_count &&
         Bits(a.mean) == Bits(b.mean) && Bits(a.m2) == Bits(b.m2) && BitEqual(a.min, b.min) &&
         BitEqual(a.max, b.max) && BitEqual(a.first, b.first) && BitEqual(a.last, b.last);
}

}  // namespace xp::core
