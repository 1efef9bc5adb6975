#include "worker/runner/folder_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

namespace xp::runner {

FolderWatch::FolderWatch(const AttemptFolder& folder)
    : fd_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
  if (!fd_.valid()) return;
  if (inotify_add_watch(fd_.get(), folder.LogFile().c_str(), IN_MODIFY) < 0 ||
      inotify_add_watch(fd_.get(), folder.path().c_str(), IN_MOVED_TO | IN_ONLYDIR) < 0) {
    fd_.Reset(-1);
  }
}

void FolderWatch::Drain() {
  alignas(inotify_event) char buffer[4096];
  while (read(fd_.get(), buffer, sizeof buffer) > 0) {
  }
}

}  // namespace xp::runner
