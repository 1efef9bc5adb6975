#include "worker/capture/log_tail.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace xp::capture {
namespace {

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() {
    if (fd_ >= 0) close(fd_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const { return fd_; }

 private:
  const int fd_;
};

absl::Status FileError(const std::string& path, const char* what) {
  return absl::UnavailableError(path + ": " + what + ": " + std::strerror(errno));
}

}  // namespace

absl::StatusOr<TailRead> ReadTail(const std::string& path, uint64_t offset, size_t max_bytes) {
  // Without O_NONBLOCK the opening of a FIFO would wait for a writer.
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  TailRead read;
  if (file.get() < 0) {
    if (errno != ENOENT) return FileError(path, "cannot open");
    read.state = TailState::kMissing;
    return read;
  }
  struct stat info;
  if (fstat(file.get(), &info) != 0) return FileError(path, "cannot stat");
  if (!S_ISREG(info.st_mode)) {
    return absl::FailedPreconditionError(path + ": is no regular file, so it cannot be followed");
  }
  read.file_size = static_cast<uint64_t>(info.st_size);
  if (read.file_size < offset) {
    read.state = TailState::kTruncated;
    return read;
  }
  read.bytes.resize(static_cast<size_t>(std::min<uint64_t>(read.file_size - offset, max_bytes)));
  size_t done = 0;
  while (done < read.bytes.size()) {
    const ssize_t count = pread(file.get(), read.bytes.data() + done, read.bytes.size() - done,
                                static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FileError(path, "cannot read");
    if (count == 0) break;  // shortened since fstat: the next call sees it
    done += static_cast<size_t>(count);
  }
  read.bytes.resize(done);
  read.state = done > 0 ? TailState::kBytes : TailState::kNothing;
  return read;
}

}  // namespace xp::capture
