// Cuts bytes into lines by the rules of docs/capture.md: a line ends at LF, CR or CR LF; an empty
// segment is no line; a line longer than `max_line_bytes` is given once, cut, and its remainder is
// passed over up to its line end.
//
// The splitter walks over bytes that begin at a known position and keeps nothing else. A line that
// is not finished is left where it is: position() stays before it, and whoever reads on from there
// with more bytes gets it whole. So any split into reads gives the same lines.
//
// Lifetime: the bytes must outlive the splitter and the lines that it gave. Threads: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "proto/limits.h"
#include "worker/capture/log_position.h"

namespace xp::capture {

struct Line {
  uint64_t offset = 0;      // of its first byte
  uint64_t end_offset = 0;  // one past its line end (or past the cut): when this byte had arrived,
                            // the line had
  std::string_view text;    // raw, without the line end; never empty
  bool cut = false;         // its first max_line_bytes only; more of it was written
};

class LineSplitter {
 public:
  // `bytes` begin at `from`. `max_line_bytes` is a parameter for tests alone.
  LineSplitter(LogPosition from, std::string_view bytes, LogEnd end,
               size_t max_line_bytes = limits::kLineMaxBytes);

  // The next line, or false when no whole line is left in the bytes.
  bool Next(Line* line);

  // Everything before it has been given out or passed over. A report may end here.
  LogPosition position() const { return {start_ + done_, inside_long_line_}; }

 private:
  // The first line end at or after `at`, or bytes_.size().
  size_t FindLineEnd(size_t at);

  const uint64_t start_;
  const std::string_view bytes_;
  const LogEnd end_;
  const size_t max_line_bytes_;
  size_t done_ = 0;
  bool inside_long_line_;
  size_t next_lf_ = 0;  // the first LF and CR at or after done_, looked up once each
  size_t next_cr_ = 0;
};

}  // namespace xp::capture
