#include "worker/capture/line_splitter.h"

#include <algorithm>

namespace xp::capture {

LineSplitter::LineSplitter(LogPosition from, std::string_view bytes, LogEnd end,
                           size_t max_line_bytes)
    : start_(from.offset),
      bytes_(bytes),
      end_(end),
      max_line_bytes_(max_line_bytes),
      inside_long_line_(from.inside_long_line) {
  next_lf_ = std::min(bytes_.find('\n'), bytes_.size());
  next_cr_ = std::min(bytes_.find('\r'), bytes_.size());
}

size_t LineSplitter::FindLineEnd(size_t at) {
  // Each kind is searched only once it has been passed, so the whole walk reads each byte twice at
  // most, however the two kinds are mixed.
  if (next_lf_ < at) next_lf_ = std::min(bytes_.find('\n', at), bytes_.size());
  if (next_cr_ < at) next_cr_ = std::min(bytes_.find('\r', at), bytes_.size());
  return std::min(next_lf_, next_cr_);
}

bool LineSplitter::Next(Line* line) {
  if (inside_long_line_) {
    const size_t line_end = FindLineEnd(done_);
    inside_long_line_ = line_end == bytes_.size();
    done_ = std::min(line_end + 1, bytes_.size());
    if (inside_long_line_) return false;
  }
  while (done_ < bytes_.size()) {
    const size_t line_end = FindLineEnd(done_);
    const size_t length = line_end - done_;
    if (length == 0) {  // an empty segment, such as the one between CR and LF
      ++done_;
      continue;
    }
    line->offset = start_ + done_;
    line->cut = length > max_line_bytes_;
    if (line->cut) {
      line->text = bytes_.substr(done_, max_line_bytes_);
      done_ += max_line_bytes_;
      inside_long_line_ = true;
    } else if (line_end < bytes_.size()) {
      line->text = bytes_.substr(done_, length);
      done_ = line_end + 1;
    } else if (end_ == LogEnd::kFinal) {
      line->text = bytes_.substr(done_);
      done_ = bytes_.size();
    } else {
      return false;
    }
    line->end_offset = start_ + done_;
    return true;
  }
  return false;
}

}  // namespace xp::capture
