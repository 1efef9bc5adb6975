// Examples to tensors, and a thread that makes the next ones while the model works. Needs LibTorch.
#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <span>
#include <thread>

#include "worker/trainer/data/batch_plan.h"
#include "worker/trainer/data/shard.h"
#include "worker/trainer/model/classifier.h"

namespace xp::trainer {

// kPinned: page-locked, so that copies to a GPU need not be waited for.
enum class HostMemory { kPageable, kPinned };

struct CollateOptions {
  uint32_t pad_id = 0;
  // A batch is padded to its longest example, rounded up to a multiple of this: 1 on a CPU, 8 for
  // a GPU's matrix units.
  int64_t pad_multiple = 1;
  int64_t max_width = INT64_MAX;  // rounding up ends here: the model has no more positions
  // 0: as above; else always to this length, and computed, as the article's datasets are.
  int64_t pad_to = 0;
  HostMemory memory = HostMemory::kPageable;
};

// Padding of at least this share of a batch's places is skipped (packing.h). Packing and unpacking
// cost about as much as computing a smaller share: docs/trainer.md has the measurement.
inline constexpr double kSkippedShare = 0.1;

struct CollatedBatch {
  Batch tensors;  // on the CPU
  uint64_t real_tokens = 0;
  uint64_t computed_tokens = 0;  // real ones, and padding that is not skipped
};

std::vector<uint32_t> Lengths(const Examples& examples);  // in tokens

CollatedBatch Collate(const Examples& examples, std::span<const uint32_t> indices,
                      const CollateOptions& options);

// Without waiting for the copies where the batch is in pinned memory: LibTorch keeps that memory
// until they are done.
Batch ToDevice(const Batch& batch, at::Device device);

// The batches of one plan, in order, at most kAhead made in advance. Start by constructing; the
// destructor stops and joins. Next belongs to one thread.
class Prefetcher {
 public:
  // `examples` must outlive this. Begins at batch `first`.
  Prefetcher(const Examples* examples, Batches batches, size_t first, CollateOptions options);
  ~Prefetcher();
  Prefetcher(const Prefetcher&) = delete;
  Prefetcher& operator=(const Prefetcher&) = delete;

  // nullopt after the last. Throws what making the batch threw.
  std::optional<CollatedBatch> Next();

 private:
  static constexpr size_t kAhead = 4;
  void Work();

  const Examples* const examples_;
  const Batches batches_;
  const CollateOptions options_;
  const size_t first_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<CollatedBatch> ready_;  // guarded by mutex_
  size_t taken_;                     // guarded by mutex_
  bool stopping_ = false;            // guarded by mutex_
  std::exception_ptr failed_;        // guarded by mutex_

  std::thread thread_;
};

}  // namespace xp::trainer
