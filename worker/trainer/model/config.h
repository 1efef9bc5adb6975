// A model's shape, as Hugging Face's config.json gives it: DistilBERT's names and BERT's mapped to
// one set. Immutable after reading; any thread.
#pragma once

#include <absl/status/statusor.h>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace xp::trainer {

enum class ModelType { kBert, kDistilBert, kRoberta };
enum class Activation { kGelu, kGeluTanh, kRelu, kSilu };

struct ModelConfig {
  ModelType type = ModelType::kDistilBert;
  int64_t vocab_size = 30522;
  int64_t hidden_size = 768;         // distilbert: dim
  int64_t layers = 6;                // n_layers
  int64_t heads = 12;                // n_heads
  int64_t intermediate_size = 3072;  // hidden_dim
  int64_t max_positions = 512;  // rows of the position table: RoBERTa's has 2 more than it can use
  int64_t type_vocab_size = 2;  // 0: the model has no token types (DistilBERT)
  int64_t pad_token_id = 0;
  double layer_norm_epsilon = 1e-12;
  double initializer_range = 0.02;
  Activation activation = Activation::kGelu;
  bool sinusoidal_positions = false;  // distilbert's sinusoidal_pos_embds

  // Dropout probabilities.
  double hidden_dropout = 0.1;      // embeddings, and after each block's output
  double attention_dropout = 0.1;   // on the attention's weights
  double classifier_dropout = 0.1;  // before the classifier

  std::vector<std::string> labels = {"LABEL_0", "LABEL_1"};  // by class index

  // The whole file: what is not named above is kept when the model is written again.
  nlohmann::ordered_json raw;

  // Tokens that fit, special ones included.
  int64_t max_tokens() const {
    return type == ModelType::kRoberta ? max_positions - pad_token_id - 1 : max_positions;
  }
};

std::string_view ModelTypeName(ModelType type);  // "bert", "distilbert", "roberta"

// INVALID_ARGUMENT names the key, what was found and what is accepted.
absl::StatusOr<ModelConfig> ParseModelConfig(std::string_view text);
absl::StatusOr<ModelConfig> ReadModelConfig(const std::filesystem::path& dir);  // dir/config.json

// `raw` with the labels and the architecture of a sequence classifier, as transformers writes it.
std::string ModelConfigJson(const ModelConfig& config);

// A small model from scratch. heads must divide hidden_size.
struct SmallModel {
  ModelType type = ModelType::kDistilBert;
  int64_t vocab_size = 0;
  int64_t pad_token_id = 0;
  int64_t hidden_size = 128;
  int64_t layers = 2;
  int64_t heads = 4;
  int64_t intermediate_size = 512;
  int64_t max_tokens = 512;
};
absl::StatusOr<ModelConfig> MakeSmallConfig(const SmallModel& small);

}  // namespace xp::trainer
