// LibTorch's arrays on the CPU come from a MemoryPool. Needs LibTorch, whose allocator is the
// process's own. Call UseMemoryPool before the first array is made; the rest: any thread.
#pragma once

#include <absl/status/status.h>
#include <cstdint>

namespace xp::trainer {

// From here on, arrays beyond `limit` bytes together are refused with c10::OutOfMemoryError. 0: no
// limit is known, and LibTorch's own allocator stays. It also stays after RESOURCE_EXHAUSTED: the
// kernel refuses so many addresses, and nothing holds to the limit. ALREADY_EXISTS: it was called
// before, and that limit holds.
absl::Status UseMemoryPool(uint64_t limit);

struct MemoryUse {
  uint64_t limit = 0;    // 0: no pool
  uint64_t used = 0;     // by arrays of at least 64 KiB that are alive
  uint64_t peak = 0;     // the most of that so far
  uint64_t refused = 0;  // bytes of the last request that was refused
};
MemoryUse CpuMemory();

}  // namespace xp::trainer
