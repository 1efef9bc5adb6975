#include "worker/runner/folder_lock.h"

#include <errno.h>
#include <fcntl.h>

namespace xp::runner {
namespace {

struct flock WholeFile(short type) {
  struct flock lock = {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return lock;
}

}  // namespace

absl::StatusOr<FolderLock> FolderLock::Acquire(const std::string& path) {
  UniqueFd fd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!fd.valid()) return ErrnoStatus(errno, path);
  struct flock lock = WholeFile(F_WRLCK);
  if (fcntl(fd.get(), F_OFD_SETLK, &lock) == 0) return FolderLock(std::move(fd));
  if (errno == EAGAIN || errno == EACCES) {
    return absl::FailedPreconditionError(path + ": another process holds it");
  }
  return ErrnoStatus(errno, path);
}

FolderLock::~FolderLock() {
  if (!fd_.valid()) return;  // moved away
  // Said, not left to close: a process that is being spawned by another thread has a copy of the
  // descriptor until it execs, and with it the lock.
  struct flock lock = WholeFile(F_UNLCK);
  fcntl(fd_.get(), F_OFD_SETLK, &lock);
}

absl::StatusOr<LockState> LookAtLock(const std::string& path) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid() && errno == ENOENT) return LockState::kFree;
  if (!fd.valid()) return ErrnoStatus(errno, path);
  struct flock lock = WholeFile(F_WRLCK);
  if (fcntl(fd.get(), F_OFD_GETLK, &lock) != 0) return ErrnoStatus(errno, path);
  return lock.l_type == F_UNLCK ? LockState::kFree : LockState::kHeld;
}

}  // namespace xp::runner
