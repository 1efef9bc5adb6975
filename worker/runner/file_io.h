// Small whole files, read and durably replaced. Free functions; safe from any thread, except two
// writers of the same path at once.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace xp::runner {

// Closes its descriptor.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    Reset(std::exchange(other.fd_, -1));
    return *this;
  }
  ~UniqueFd() { Reset(-1); }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  void Reset(int fd);

 private:
  int fd_ = -1;
};

// The status for `error` (an errno): NOT_FOUND for ENOENT, PERMISSION_DENIED, RESOURCE_EXHAUSTED
// for a full disk, else UNAVAILABLE. "what: No such file or directory".
absl::Status ErrnoStatus(int error, std::string_view what);

// NOT_FOUND when it is not there. RESOURCE_EXHAUSTED beyond `max_bytes`.
absl::StatusOr<std::string> ReadSmallFile(const std::string& path, size_t max_bytes = 16u << 20);

// Writes PATH.tmp, fsyncs it, renames it to PATH and fsyncs the folder: after any crash PATH holds
// the old content or the new one, and after OK the new one.
absl::Status WriteFileDurably(const std::string& path, std::string_view content);

// All of `bytes`, through interrupted and partial writes.
absl::Status WriteAll(int fd, std::string_view bytes);

}  // namespace xp::runner
