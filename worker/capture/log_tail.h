// Reads a growing file from an offset with pread. The file is the spool: nothing is kept between
// calls, so a line that is not finished is simply read again with what has been added to it.
//
// What a tail must expect is a value (TailState), not an error: a file that is not there yet, that
// has nothing new, or that is shorter than the offset (truncated or replaced).
// Errors: UNAVAILABLE when the file system fails (retry), FAILED_PRECONDITION when the path is no
// regular file (a FIFO would block the worker for ever, a folder has no bytes).
// Threads: none of its own; calls on one path may run at the same time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <absl/status/statusor.h>

namespace xp::capture {

enum class TailState {
  kBytes,      // `bytes` holds at least one byte
  kNothing,    // the offset is the end of the file
  kMissing,    // no file (yet)
  kTruncated,  // the file is shorter than the offset
};

struct TailRead {
  TailState state = TailState::kNothing;
  std::string bytes;       // from the offset on, at most what was asked for
  uint64_t file_size = 0;  // when it was read; bytes beyond `bytes` may wait
};

// Reads at most `max_bytes` of `path` from `offset` on.
absl::StatusOr<TailRead> ReadTail(const std::string& path, uint64_t offset, size_t max_bytes);

}  // namespace xp::capture
