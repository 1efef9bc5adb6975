// What of the machine this process may use: the least of the hardware and of the control groups
// (version 2, and version 1 where mounted) around it. Read anew on each call. Any thread.
#pragma once

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

}  // namespace xp::trainer
