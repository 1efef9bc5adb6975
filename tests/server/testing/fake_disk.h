// A disk that is as full as the test says.
#pragma once

#include <atomic>
#include <cstdint>

#include "server/store/disk_space.h"

namespace xp::testing {

class FakeDisk final : public store::DiskSpace {
 public:
  absl::StatusOr<uint64_t> FreeBytes() override { return free_.load(); }
  void Fill() { free_ = 1000; }
  void Empty() { free_ = uint64_t{1} << 40; }

 private:
  std::atomic<uint64_t> free_ = uint64_t{1} << 40;
};

}  // namespace xp::testing
