// The lock that says "a runner lives here": an open-file-description lock on the folder's `lock`
// file. The kernel drops it with the last descriptor, however the runner ends; it can be looked at
// without being taken. Whoever prepares a folder holds it too, so that no runner begins in it
// meanwhile (HoldFolder in runner_control.h). Not thread safe; held for the object's life.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <utility>

#include "worker/runner/file_io.h"

namespace xp::runner {

class FolderLock {
 public:
  // FAILED_PRECONDITION when somebody holds it.
  static absl::StatusOr<FolderLock> Acquire(const std::string& path);
  ~FolderLock();
  FolderLock(FolderLock&&) = default;
  FolderLock& operator=(FolderLock&&) = delete;

 private:
  explicit FolderLock(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

enum class LockState { kFree, kHeld };

// A lock file that is not there is free.
absl::StatusOr<LockState> LookAtLock(const std::string& path);

}  // namespace xp::runner
