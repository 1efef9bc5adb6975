// LibTorch's arrays on the CPU come from a MemoryPool. Needs LibTorch, whose allocator is the
// process's own. Call UseMemoryPool before the first array is made; the rest: any thread.
#pragma once

#include <cstdint>

namespace xp::trainer {

// From here on, arrays beyond `limit` bytes together (0: no limit known, LibTorch's own allocator
// stays) are refused with c10::OutOfMemoryError. Only the first call counts.
void UseMemoryPool(uint64_t limit);

struct MemoryUse {
  uint64_t limit = 0;    // 0: no pool
  uint64_t used = 0;     // by arrays of at least 64 KiB that are alive
  uint64_t peak = 0;     // the most of that so far
  uint64_t refused = 0;  // bytes of the last request that was refused
};
MemoryUse CpuMemory();

}  // namespace xp::trainer
