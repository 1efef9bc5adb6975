// How much room the disk has, as a parameter, so that a test can fill it.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <string>
#include <utility>

namespace xp::store {

// Safe from any thread.
class DiskSpace {
 public:
  virtual ~DiskSpace() = default;
  // Bytes that this process may still write. UNAVAILABLE when the disk cannot be asked.
  virtual absl::StatusOr<uint64_t> FreeBytes() = 0;
};

// statvfs of the file system that holds `path`.
class RealDiskSpace final : public DiskSpace {
 public:
  explicit RealDiskSpace(std::string path) : path_(std::move(path)) {}
  absl::StatusOr<uint64_t> FreeBytes() override;

 private:
  const std::string path_;
};

}  // namespace xp::store
