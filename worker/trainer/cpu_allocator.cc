#include "worker/trainer/cpu_allocator.h"

#include <c10/core/CPUAllocator.h>
#include <c10/util/Exception.h>

#include <atomic>
#include <cstdlib>
#include <cstring>

#include "worker/trainer/memory_pool.h"

namespace xp::trainer {
namespace {

// Smaller ones go to glibc, which keeps them.
constexpr size_t kPooled = size_t{64} << 10;
constexpr size_t kAlign = 64;

class PoolAllocator;
PoolAllocator* Installed(PoolAllocator* made = nullptr);

class PoolAllocator final : public c10::Allocator {
 public:
  explicit PoolAllocator(uint64_t limit) : pool_(limit) {}

  // Const in LibTorch 1.13 and not const in later ones, hence both.
  c10::DataPtr allocate(size_t bytes) const {
    return const_cast<PoolAllocator*>(this)->Make(bytes);
  }
  c10::DataPtr allocate(size_t bytes) { return Make(bytes); }
  c10::DeleterFnPtr raw_deleter() const override { return &Delete; }
  // Asked for by later ones, too.
  void copy_data(void* to, const void* from, size_t bytes) const { std::memcpy(to, from, bytes); }

  const MemoryPool& pool() const { return pool_; }
  uint64_t refused() const { return refused_; }

 private:
  c10::DataPtr Make(size_t bytes) {
    void* block = nullptr;
    if (bytes >= kPooled) {
      block = pool_.Allocate(bytes);
    } else if (bytes > 0 && ::posix_memalign(&block, kAlign, bytes) != 0) {
      block = nullptr;
    }
    if (block == nullptr && bytes > 0) Refuse(bytes);
    return {block, block, &Delete, c10::Device(c10::DeviceType::CPU)};
  }

  [[noreturn]] void Refuse(size_t bytes) {
    refused_ = bytes;
    C10_THROW_ERROR(OutOfMemoryError,
                    c10::str("out of memory: ", bytes >> 20, " MiB more were asked for, ",
                             pool_.used() >> 20, " MiB are in use of the ", pool_.limit() >> 20,
                             " MiB that this process may take"));
  }

  static void Delete(void* block) {
    PoolAllocator* const self = Installed();
    if (self != nullptr && self->pool_.Owns(block)) {
      self->pool_.Free(block);
    } else {
      std::free(block);
    }
  }

  MemoryPool pool_;
  std::atomic<uint64_t> refused_{0};
};

// LibTorch keeps a pointer to its allocator until the process ends, so there is one, never deleted.
PoolAllocator* Installed(PoolAllocator* made) {
  static PoolAllocator* const installed = made;
  return installed;
}

}  // namespace

void UseMemoryPool(uint64_t limit) {
  auto* const made = new PoolAllocator(limit);
  if (!made->pool().usable()) {
    delete made;
    return;
  }
  if (Installed(made) != made) {
    delete made;
    return;
  }
  c10::SetCPUAllocator(made, /*priority=*/1);
}

MemoryUse CpuMemory() {
  const PoolAllocator* const allocator = Installed();
  if (allocator == nullptr) return {};
  const MemoryPool& pool = allocator->pool();
  return {pool.limit(), pool.used(), pool.peak(), allocator->refused()};
}

}  // namespace xp::trainer
