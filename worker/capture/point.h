// What capture finds: one observed value of one series, with where and when it was seen.
//
// Units: `offset` in bytes from the start of the source, `time_ms` in milliseconds since 1970 UTC
// by the worker's clock, `epoch` and `step` as the program printed them. Plain values, no threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace xp::capture {

struct Point {
  size_t series = 0;            // index into the `series` of the report that holds the point
  double value = 0;             // NaN and infinities are values like any other
  std::optional<int64_t> step;  // empty: nobody printed one, the server numbers it
  std::optional<double> epoch;  // empty: unknown
  int64_t time_ms = 0;          // printed time if there was one, else arrival of the line
  uint64_t offset = 0;          // first byte of the line; points of one line share it, in order
};

inline bool operator==(const Point& a, const Point& b) {
  const bool same_value = a.value == b.value || (a.value != a.value && b.value != b.value);
  return same_value && a.series == b.series && a.step == b.step && a.epoch == b.epoch &&
         a.time_ms == b.time_ms && a.offset == b.offset;
}

}  // namespace xp::capture
