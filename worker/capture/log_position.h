// Where reading of a log stands. The offset is the sequence number of DESIGN section 4 rule 2; the
// flag is the only other state, so that whoever holds these two values can go on reading.
#pragma once

#include <cstdint>

namespace xp::capture {

struct LogPosition {
  uint64_t offset = 0;  // bytes from the start of the log; all before it is dealt with
  // The offset lies inside a line longer than limits::kLineMaxBytes whose beginning was matched
  // already: what is left of it, up to its line end, is stored but not matched.
  bool inside_long_line = false;

  friend bool operator==(const LogPosition& a, const LogPosition& b) {
    return a.offset == b.offset && a.inside_long_line == b.inside_long_line;
  }
};

// Whether more bytes may follow those at hand. kFinal: the writer is gone and these are the last
// bytes, so an unfinished last line counts as a line.
enum class LogEnd { kMayGrow, kFinal };

}  // namespace xp::capture
