#include "worker/trainer/train/memory_plan.h"

#include <absl/strings/str_format.h>

namespace xp::trainer {

uint64_t FixedBytes(const ModelConfig& config) {
  const auto H = uint64_t(config.hidden_size), I = uint64_t(config.intermediate_size);
  const uint64_t layer = 4 * H * H + 2 * H * I + 9 * H + I;
  const auto rows = uint64_t(config.vocab_size + config.max_positions + config.type_vocab_size);
  const uint64_t parameters =
      rows * H + uint64_t(config.layers) * layer + H * (H + config.labels.size());
  return parameters * 4 * 4;  // float32: value, gradient, two moments
}

uint64_t BytesPerExample(const ModelConfig& config, const MemoryPlanInput& input) {
  const auto H = uint64_t(config.hidden_size), I = uint64_t(config.intermediate_size);
  const auto T = uint64_t(input.tokens), heads = uint64_t(config.heads);
  const auto product = uint64_t(input.bytes_per_product);
  // Queries, keys and values twice (once for the products), context twice, both sides of the GELU,
  // attention weights with and without dropout; sums and norms in float32.
  const uint64_t weights = input.attention_weights ? 2 * heads * T : 0;
  const uint64_t layer = product * (8 * H + 2 * I + weights) + 4 * 4 * H;
  const bool training = input.purpose == MemoryPurpose::kTraining;
  const uint64_t kept = !training ? 0 : input.recomputing ? 4 * H : layer;
  const uint64_t working = layer;  // of the layer that is being computed
  return T * (uint64_t(config.layers) * kept + working + 3 * 4 * H);
}

std::string MemoryAdvice(const ModelConfig& config, const MemoryPlanInput& input, uint64_t limit,
                         uint64_t batch_size) {
  const uint64_t fixed = FixedBytes(config), each = BytesPerExample(config, input);
  std::string text = absl::StrFormat(
      "the model with gradients and moments takes about %d MiB, each example of %d tokens about %d "
      "MiB",
      fixed >> 20, input.tokens, (each >> 20) + 1);
  if (limit > 0) {
    const uint64_t fits = limit > fixed ? (limit - fixed) / each : 0;
    text += absl::StrFormat("; about %d such examples fit into %d MiB", fits, limit >> 20);
    if (fits > 0 && fits < batch_size && input.purpose == MemoryPurpose::kEvaluation) {
      text += absl::StrFormat(": --eval_batch_size %d", fits);
    } else if (fits > 0 && fits < batch_size) {
      text += absl::StrFormat(": --train_batch_size %d --gradient_accumulation_steps %d", fits,
                              (batch_size + fits - 1) / fits);
    }
  }
  text += input.recomputing || input.purpose == MemoryPurpose::kEvaluation
              ? "; a smaller --max-length in prepare helps, too"
              : "; --gradient_checkpointing needs less";
  return text;
}

}  // namespace xp::trainer
