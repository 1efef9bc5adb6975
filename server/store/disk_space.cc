#include "server/store/disk_space.h"

#include <sys/statvfs.h>

#include <cerrno>
#include <cstring>

#include "proto/status.h"

namespace xp::store {

absl::StatusOr<uint64_t> RealDiskSpace::FreeBytes() {
  struct statvfs figures = {};
  if (statvfs(path_.c_str(), &figures) != 0) {
    return absl::UnavailableError(
        absl::StrCat("cannot ask for the free space of ", path_, ": ", std::strerror(errno)));
  }
  return uint64_t{figures.f_bavail} * figures.f_frsize;
}

}  // namespace xp::store
