// Which examples go together, and in what order: sorted by length within windows, so that a batch
// needs little padding, and shuffled around them. The same seed and epoch give the same plan on
// every machine. Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace xp::trainer {

using Batches = std::vector<std::vector<uint32_t>>;  // indices of examples

// A generator whose numbers are the same everywhere (std's distributions are not).
class SplitMix64 {
 public:
  explicit SplitMix64(uint64_t seed) : state_(seed) {}
  uint64_t Next();
  uint64_t Below(uint64_t bound);  // bound > 0

 private:
  uint64_t state_;
};

enum class Order {
  kSequential,  // as in the data
  kShuffled,    // every batch padded to whatever it holds
  kByLength,    // shuffled, then sorted by length within windows of kWindowBatches batches
};

struct BatchPlanOptions {
  size_t batch_size = 32;
  Order order = Order::kByLength;
  uint64_t seed = 42;
  uint64_t epoch = 0;
};

// As Hugging Face's LengthGroupedSampler (mega-batches of 50 batches), but the batches within a
// window are shuffled too, so that lengths do not fall through the epoch.
inline constexpr size_t kWindowBatches = 50;

Batches PlanTraining(const std::vector<uint32_t>& lengths, const BatchPlanOptions& options);

// For evaluation: all of it sorted by length, the longest batch first, so that running out of
// memory happens at once.
Batches PlanEvaluation(const std::vector<uint32_t>& lengths, size_t batch_size);

}  // namespace xp::trainer
