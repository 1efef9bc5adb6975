#include "worker/trainer/data/batch_plan.h"

#include <algorithm>
#include <numeric>

namespace xp::trainer {
namespace {

template <typename T>
void Shuffle(std::vector<T>& items, SplitMix64& random) {
  for (size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[random.Below(i)]);
}

Batches Cut(const std::vector<uint32_t>& order, size_t batch_size) {
  Batches batches;
  for (size_t at = 0; at < order.size(); at += batch_size) {
    const size_t end = std::min(at + batch_size, order.size());
    batches.emplace_back(order.begin() + long(at), order.begin() + long(end));
  }
  return batches;
}

}  // namespace

// Sebastiano Vigna's splitmix64.
uint64_t SplitMix64::Next() {
  uint64_t z = (state_ += 0x9E3779B97F4A7C15ull);
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ z >> 27) * 0x94D049BB133111EBull;
  return z ^ z >> 31;
}

uint64_t SplitMix64::Below(uint64_t bound) {
  const uint64_t reject =
      -bound % bound;  // the first numbers, so that all remainders are as likely
  for (;;) {
    const uint64_t number = Next();
    if (number >= reject) return number % bound;
  }
}

Batches PlanTraining(const std::vector<uint32_t>& lengths, const BatchPlanOptions& options) {
  std::vector<uint32_t> order(lengths.size());
  std::iota(order.begin(), order.end(), 0u);
  if (options.order == Order::kSequential) return Cut(order, options.batch_size);
  SplitMix64 random(options.seed * 0x9E3779B97F4A7C15ull + options.epoch);
  Shuffle(order, random);
  if (options.order == Order::kShuffled) return Cut(order, options.batch_size);
  const size_t window = options.batch_size * kWindowBatches;
  for (size_t at = 0; at < order.size(); at += window) {
    const auto begin = order.begin() + long(at);
    const auto end = order.begin() + long(std::min(at + window, order.size()));
    std::stable_sort(begin, end, [&](uint32_t a, uint32_t b) { return lengths[a] > lengths[b]; });
  }
  Batches batches = Cut(order, options.batch_size);
  Shuffle(batches, random);
  return batches;
}

Batches PlanEvaluation(const std::vector<uint32_t>& lengths, size_t batch_size) {
  std::vector<uint32_t> order(lengths.size());
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(),
                   [&](uint32_t a, uint32_t b) { return lengths[a] > lengths[b]; });
  return Cut(order, batch_size);
}

}  // namespace xp::trainer
