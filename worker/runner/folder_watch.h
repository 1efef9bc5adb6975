// Wakes the runner when the log grows or stop.json appears, without asking the file system twenty
// times a second. Not thread safe.
#pragma once

#include "worker/runner/attempt_folder.h"
#include "worker/runner/file_io.h"

namespace xp::runner {

class FolderWatch {
 public:
  // Both files' folder must exist, and the log too. Where the system has no watch to give (its
  // limit per user is 128), the watch never reports and the caller looks by itself.
  explicit FolderWatch(const AttemptFolder& folder);

  // Poll it for reading; -1 when there is no watch.
  int fd() const { return fd_.get(); }

  // Takes in what was reported.
  void Drain();

 private:
  UniqueFd fd_;
};

}  // namespace xp::runner
