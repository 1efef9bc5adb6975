// One pass over labelled examples without training. Needs LibTorch.
#pragma once

#include <absl/status/statusor.h>
#include <atomic>
#include <functional>
#include <vector>

#include "worker/trainer/data/collate.h"
#include "worker/trainer/data/shard.h"
#include "worker/trainer/model/classifier.h"
#include "worker/trainer/torch_runtime.h"
#include "worker/trainer/train/metrics.h"

namespace xp::trainer {

struct EvaluationOptions {
  size_t batch_size = 64;
  CollateOptions collate;
  Precision precision = Precision::kFloat32;
  const std::atomic<bool>* stop = nullptr;  // looked at between batches
  std::function<void(uint64_t done)> on_progress;
};

struct Evaluation {
  double loss = 0;  // mean over the examples; without labels of no meaning, as the confusion
  Confusion confusion{2};
  std::vector<float> logits;  // [N, C], in the order of the examples
  uint64_t batches = 0;
};

// CANCELLED when stopped; RESOURCE_EXHAUSTED out of memory.
absl::StatusOr<Evaluation> Evaluate(const Classifier& classifier, const Examples& examples,
                                    const EvaluationOptions& options);

}  // namespace xp::trainer
