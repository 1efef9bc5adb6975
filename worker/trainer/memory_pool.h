// Memory for large arrays that is kept when they go, for the next ones: a training step makes and
// drops the same arrays again and again, and glibc would hand each of more than 32 MiB back to the
// kernel, which clears every page of it the next time (measured: 250 of 270 ms of a GELU over 50
// MB). One range of addresses, huge pages where the kernel has them, best fit, neighbours joined.
// It knows its limit, so that a request beyond it is refused with numbers instead of the kernel
// ending the process. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <utility>

namespace xp::trainer {

class MemoryPool {
 public:
  // Reserves addresses, no memory, for `limit` bytes; the pool is empty (usable() is false) where
  // the kernel refuses that.
  explicit MemoryPool(uint64_t limit);
  ~MemoryPool();  // all blocks must be gone
  MemoryPool(const MemoryPool&) = delete;
  MemoryPool& operator=(const MemoryPool&) = delete;

  // 64-byte aligned; nullptr beyond the limit. Its contents are whatever they were.
  void* Allocate(size_t bytes);
  void Free(void* block);  // of this pool

  bool usable() const { return limit_ > 0; }
  bool Owns(const void* block) const {
    const auto at = static_cast<const char*>(block);
    return at >= base_ && at < base_ + limit_;
  }
  uint64_t limit() const { return limit_; }
  uint64_t used() const;  // bytes of blocks not freed
  uint64_t peak() const;  // the most that used() was

 private:
  void AddFree(uint64_t at, uint64_t bytes);

  char* base_ = nullptr;
  uint64_t limit_ = 0;

  mutable std::mutex mutex_;
  // All below is guarded by mutex_. Offsets from base_.
  std::map<uint64_t, uint64_t> free_;                   // offset -> bytes, never two that touch
  std::set<std::pair<uint64_t, uint64_t>> free_sizes_;  // (bytes, offset) of the same
  std::map<uint64_t, uint64_t> taken_;                  // offset -> bytes
  uint64_t top_ = 0;                                    // beyond it nothing was ever used
  uint64_t used_ = 0, peak_ = 0;
};

}  // namespace xp::trainer
