#include "worker/runner/log_guard.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

namespace xp::runner {
namespace {

constexpr size_t kBlock = 64 * 1024;

}  // namespace

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
  // What came between our two looks ends where the NULs begin. The log may be long, that is not.
  std::string again;
  size_t end = std::string::npos;
  while (end == std::string::npos && again.size() < static_cast<size_t>(size_)) {
    const size_t have = again.size();
    again.resize(std::min(have + kBlock, static_cast<size_t>(size_)));
    const ssize_t n =
        pread(read_.get(), again.data() + have, again.size() - have, static_cast<off_t>(have));
    if (n < 0) return ErrnoStatus(errno, "log");
    again.resize(have + static_cast<size_t>(n));
    if (n == 0) break;
    end = again.find('\0', std::max(have, static_cast<size_t>(written_since)));
  }
  if (end != std::string::npos) again.resize(end);
  return WriteAll(append_.get(), again);
}

absl::Status LogGuard::Sync() {
  return fdatasync(append_.get()) == 0 ? absl::OkStatus() : ErrnoStatus(errno, "log");
}

}  // namespace xp::runner
