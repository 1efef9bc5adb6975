// About how much memory a training takes, and what to do when it was too much. Counts arrays as
// classifier.cc makes them; good to about a third. Pure functions.
#pragma once

#include <cstdint>
#include <string>

#include "worker/trainer/model/config.h"

namespace xp::trainer {

enum class MemoryPurpose { kTraining, kEvaluation };

struct MemoryPlanInput {
  MemoryPurpose purpose = MemoryPurpose::kTraining;
  int64_t tokens = 0;             // a row's length after padding
  int64_t bytes_per_product = 4;  // of a matrix product's numbers: 4 or 2
  bool recomputing = false;       // --gradient_checkpointing
  bool attention_weights = true;  // whether they are arrays: MakesAttentionWeights
};

// Parameters, their gradients and the optimiser's moments.
uint64_t FixedBytes(const ModelConfig& config);

// What one example of `tokens` tokens keeps until its backward pass; in an evaluation, in a layer.
uint64_t BytesPerExample(const ModelConfig& config, const MemoryPlanInput& input);

// "the model with gradients and moments takes about 1021 MiB, each example of 512 tokens about 383
// MiB; about 18 such examples fit into 8192 MiB: --train_batch_size 18
// --gradient_accumulation_steps 2; --gradient_checkpointing needs less". Of an evaluation it names
// --eval_batch_size. `limit` bytes; 0: not
// known, and nothing is said about what fits.
std::string MemoryAdvice(const ModelConfig& config, const MemoryPlanInput& input, uint64_t limit,
                         uint64_t batch_size);

}  // namespace xp::trainer
