// One observed value of a series. Plain data; safe from any thread.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

namespace xp::core {

// What `epoch` holds when nobody printed one.
inline constexpr double kNoEpoch = std::numeric_limits<double>::quiet_NaN();

struct MetricPoint {
  double value = 0;           // any double: NaN and ±Inf are points too
  int64_t step = 0;           // printed, or the series' points + 1 (DESIGN section 8)
  bool step_printed = false;  // only a printed step says where a resumed attempt continues
  double epoch = kNoEpoch;    // any NaN: not printed
  int64_t time_ms = 0;        // milliseconds UTC since 1970, of the worker's clock
  uint64_t log_offset = 0;    // where its line begins in the attempt's source, in bytes

  bool has_epoch() const { return !std::isnan(epoch); }
};

// Bit for bit: NaNs are equal to themselves, 0.0 and -0.0 differ. All NaN epochs are one: unknown.
bool BitEqual(const MetricPoint& a, const MetricPoint& b);

}  // namespace xp::core
