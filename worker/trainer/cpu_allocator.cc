#include "worker/trainer/cpu_allocator.h"

#include <absl/strings/str_format.h>
#include <c10/core/CPUAllocator.h>
#include <c10/util/Exception.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "worker/trainer/memory_pool.h"

namespace xp::trainer {
namespace {

// Smaller ones go to glibc, which keeps them.
constexpr size_t kPooled = size_t{64} << 10;
constexpr size_t kAlign = 64;

class PoolAllocator;

// LibTorch has one allocator for the process and frees through a plain function, which can reach
// nothing that is not global. Set once, to what is never deleted.
std::atomic<PoolAllocator*> installed{nullptr};

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
    PoolAllocator* const self = installed.load(std::memory_order_acquire);
    if (self != nullptr && self->pool_.Owns(block)) {
      self->pool_.Free(block);
    } else {
      std::free(block);
    }
  }

  MemoryPool pool_;
  std::atomic<uint64_t> refused_{0};
};

}  // namespace

absl::Status UseMemoryPool(uint64_t limit) {
  if (limit == 0) return absl::OkStatus();
  auto made = std::make_unique<PoolAllocator>(limit);
  if (!made->pool().usable()) {
    return absl::ResourceExhaustedError(
        absl::StrFormat("the kernel refuses %d MiB of addresses for arrays: there is no limit of "
                        "their memory, and no pool",
                        limit >> 20));
  }
  PoolAllocator* none = nullptr;
  if (!installed.compare_exchange_strong(none, made.get(), std::memory_order_acq_rel)) {
    return absl::AlreadyExistsError("there is a pool for arrays already");
  }
  c10::SetCPUAllocator(made.release(), /*priority=*/1);
  return absl::OkStatus();
}

MemoryUse CpuMemory() {
  const PoolAllocator* const allocator = installed.load(std::memory_order_acquire);
  if (allocator == nullptr) return {};
  const MemoryPool& pool = allocator->pool();
  return {pool.limit(), pool.used(), pool.peak(), allocator->refused()};
}

}  // namespace xp::trainer
