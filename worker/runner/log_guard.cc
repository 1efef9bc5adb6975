#include "worker/runner/log_guard.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

namespace xp::runner {

absl::StatusOr<LogGuard> LogGuard::Open(const std::string& path) {
  UniqueFd read(open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!read.valid()) return ErrnoStatus(errno, path);
  UniqueFd append(open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  if (!append.valid()) return ErrnoStatus(errno, path);
  return LogGuard(std::move(read), std::move(append));
}

absl::StatusOr<int64_t> LogGuard::Look() {
  struct stat info;
  if (fstat(read_.get(), &info) != 0) return ErrnoStatus(errno, "log");
  if (info.st_size < size_) {
    ++truncations_;
    if (absl::Status status = Repair(info.st_size); !status.ok()) return status;
    if (fstat(read_.get(), &info) != 0) return ErrnoStatus(errno, "log");
  }
  size_ = std::max<int64_t>(size_, info.st_size);
  return size_;
}

absl::Status LogGuard::Repair(int64_t written_since) {
  // fallocate never shrinks, unlike ftruncate: the training may be writing at this moment.
  if (fallocate(read_.get(), 0, size_ - 1, 1) != 0) return ErrnoStatus(errno, "log: fallocate");
  std::string again(static_cast<size_t>(size_), '\0');
  const ssize_t n = pread(read_.get(), again.data(), again.size(), 0);
  if (n < 0) return ErrnoStatus(errno, "log");
  again.resize(static_cast<size_t>(n));
  // What came between our two looks ends where the NULs begin.
  const size_t end = again.find('\0', static_cast<size_t>(written_since));
  if (end != std::string::npos) again.resize(end);
  return WriteAll(append_.get(), again);
}

absl::Status LogGuard::Sync() {
  return fdatasync(append_.get()) == 0 ? absl::OkStatus() : ErrnoStatus(errno, "log");
}

}  // namespace xp::runner
