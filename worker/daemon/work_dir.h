// The worker's folder: taken by one daemon at a time, with a name of its own that it keeps.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <utility>

#include "worker/daemon/attempt_paths.h"
#include "worker/runner/folder_lock.h"

namespace xp::daemon {

// Held for the object's life. Not thread safe.
class WorkDir {
 public:
  // Makes the folder where it is missing, and its path absolute. `name`: empty takes the name that
  // the folder has; a new folder gets `fresh_name`. FAILED_PRECONDITION: another xpworker holds it.
  // INVALID_ARGUMENT: a bad name.
  static absl::StatusOr<WorkDir> Open(const std::string& path, const std::string& name,
                                      const std::string& fresh_name);

  const WorkPaths& paths() const { return paths_; }
  const std::string& name() const { return name_; }

 private:
  WorkDir(WorkPaths paths, runner::FolderLock lock)
      : paths_(std::move(paths)), lock_(std::move(lock)) {}

  WorkPaths paths_;
  runner::FolderLock lock_;
  std::string name_;
};

// "host-3fa2": the host's name as far as names allow it, and something random, because two workers
// of one name would end each other's streams.
std::string FreshWorkerName(const std::string& host, uint32_t random);

}  // namespace xp::daemon
