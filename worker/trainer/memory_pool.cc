#include "worker/trainer/memory_pool.h"

#include <sys/mman.h>

#include <algorithm>

namespace xp::trainer {
namespace {

constexpr uint64_t kAlign = 4096;
constexpr uint64_t kHugePage = uint64_t{2} << 20;

uint64_t RoundUp(uint64_t value, uint64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

}  // namespace

MemoryPool::MemoryPool(uint64_t limit) {
  limit = limit / kHugePage * kHugePage;
  if (limit == 0) return;
  // One huge page more, so that the range can begin at a huge page's border.
  void* const range = ::mmap(nullptr, limit + kHugePage, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (range == MAP_FAILED) return;
  const auto begin = reinterpret_cast<uintptr_t>(range);
  const uintptr_t aligned = RoundUp(begin, kHugePage);
  char* const start = static_cast<char*>(range);
  if (aligned > begin) ::munmap(start, aligned - begin);
  base_ = start + (aligned - begin);
  ::munmap(base_ + limit, kHugePage - (aligned - begin));
  ::madvise(base_, limit, MADV_HUGEPAGE);
  limit_ = limit;
}

MemoryPool::~MemoryPool() {
  if (limit_ > 0) ::munmap(base_, limit_);
}

void* MemoryPool::Allocate(size_t bytes) {
  if (bytes > limit_) return nullptr;
  const uint64_t wanted = RoundUp(std::max<uint64_t>(bytes, 1), kAlign);
  const std::lock_guard lock(mutex_);
  uint64_t at = 0;
  const auto fit = free_sizes_.lower_bound({wanted, 0});
  if (fit != free_sizes_.end()) {
    const auto [size, offset] = *fit;
    free_sizes_.erase(fit);
    free_.erase(offset);
    if (size > wanted) AddFree(offset + wanted, size - wanted);
    at = offset;
  } else {
    at = top_;
    // A free block at the very end grows instead of being left behind.
    const auto last = free_.empty() ? free_.end() : std::prev(free_.end());
    const bool at_end = last != free_.end() && last->first + last->second == top_;
    if (at_end) at = last->first;
    if (at + wanted > limit_) return nullptr;
    if (at_end) {
      free_sizes_.erase({last->second, last->first});
      free_.erase(last);
    }
    top_ = at + wanted;
  }
  taken_.emplace(at, wanted);
  used_ += wanted;
  peak_ = std::max(peak_, used_);
  return base_ + at;
}

void MemoryPool::AddFree(uint64_t at, uint64_t bytes) {
  free_.emplace(at, bytes);
  free_sizes_.emplace(bytes, at);
}

void MemoryPool::Free(void* block) {
  const std::lock_guard lock(mutex_);
  const auto found = taken_.find(uint64_t(static_cast<char*>(block) - base_));
  if (found == taken_.end()) return;
  uint64_t at = found->first, bytes = found->second;
  taken_.erase(found);
  used_ -= bytes;
  auto next = free_.lower_bound(at);
  if (next != free_.end() && next->first == at + bytes) {
    bytes += next->second;
    free_sizes_.erase({next->second, next->first});
    next = free_.erase(next);
  }
  if (next != free_.begin()) {
    const auto before = std::prev(next);
    if (before->first + before->second == at) {
      at = before->first;
      bytes += before->second;
      free_sizes_.erase({before->second, before->first});
      free_.erase(before);
    }
  }
  AddFree(at, bytes);
}

uint64_t MemoryPool::used() const {
  const std::lock_guard lock(mutex_);
  return used_;
}

uint64_t MemoryPool::peak() const {
  const std::lock_guard lock(mutex_);
  return peak_;
}

}  // namespace xp::trainer
