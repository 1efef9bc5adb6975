// Keeps the log's offsets rising. The training's stdout is a file, so a shell script that says
// `echo oops > /dev/stderr` opens that very file anew and cuts it to nothing. Offsets are the
// sequence numbers of the reports, so a cut is repaired: the file gets its size back (the lost
// bytes read as NUL) and what was written since the cut is appended again.
// Not thread safe. A cut that regrows to its old size or past it between two looks goes unseen, and
// so are the bytes lost that it cut.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <string>
#include <utility>

#include "worker/runner/file_io.h"

namespace xp::runner {

class LogGuard {
 public:
  // Opens the log for itself; it must exist.
  static absl::StatusOr<LogGuard> Open(const std::string& path);

  // The log's size now, repaired where it had shrunk. After an error the size last seen holds.
  absl::StatusOr<int64_t> Look();

  // What was written is on the disk.
  absl::Status Sync();

  int64_t truncations() const { return truncations_; }

 private:
  LogGuard(UniqueFd read, UniqueFd append) : read_(std::move(read)), append_(std::move(append)) {}
  absl::Status Repair(int64_t written_since);

  UniqueFd read_;  // without O_APPEND: for reading and growing
  UniqueFd append_;
  int64_t size_ = 0;
  int64_t truncations_ = 0;
};

}  // namespace xp::runner
