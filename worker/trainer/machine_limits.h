// What of the machine this process may use: the least of the hardware and of the control groups
// (version 2, and version 1 where mounted) around it. Read anew on each call. Any thread.
#pragma once

#include <absl/status/status.h>
#include <cstdint>
#include <filesystem>

namespace xp::trainer {

// Where the kernel says so; tests put files there.
struct SystemFiles {
  std::filesystem::path proc = "/proc";
  std::filesystem::path cgroup = "/sys/fs/cgroup";
};

// Bytes that can still be taken without the kernel having to end a process. 0: not known.
uint64_t AvailableMemory(const SystemFiles& files = {});

// At least 1: the processors that may be used, or the group's quota of processor time, rounded up.
int AvailableProcessors(const SystemFiles& files = {});

// RESOURCE_EXHAUSTED: this process may not have kLeastAddresses more of addresses (ulimit -v). It is
// refused here because OpenBLAS, which asks for 128 MiB with its first product, would ask for ever.
inline constexpr uint64_t kLeastAddresses = uint64_t{512} << 20;
absl::Status CheckAddresses();

}  // namespace xp::trainer
