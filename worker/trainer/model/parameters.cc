#include "worker/trainer/model/parameters.h"

#include <ATen/core/grad_mode.h>

#include <cmath>
#include <utility>

namespace xp::trainer {
namespace {

// What the two families call the arrays of a layer.
struct LayerNames {
  const char *layer, *query, *key, *value, *attention, *attention_norm, *up, *down, *output_norm;
};
constexpr LayerNames kDistilBertNames = {
    "transformer.layer.", "attention.q_lin",   "attention.k_lin",
    "attention.v_lin",    "attention.out_lin", "sa_layer_norm",
    "ffn.lin1",           "ffn.lin2",          "output_layer_norm"};
constexpr LayerNames kBertNames = {
    "encoder.layer.",       "attention.self.query",   "attention.self.key",
    "attention.self.value", "attention.output.dense", "attention.output.LayerNorm",
    "intermediate.dense",   "output.dense",           "output.LayerNorm"};

class Allocator {
 public:
  Allocator(const ModelConfig& config, at::Device device, std::vector<Parameter>& all)
      : prefix_(EncoderPrefix(config.type)),
        hidden_(config.hidden_size),
        options_(at::TensorOptions().dtype(at::kFloat).device(device)),
        all_(all) {}

  at::Tensor Table(const std::string& name, int64_t rows, int64_t zero_row) {
    Parameter& added = Add({rows, hidden_}, WeightDecay::kYes, InitialValue::kNormal,
                           {{prefix_ + name + ".weight", 0, rows}});
    added.zero_row = zero_row;
    return added.value;
  }

  Norm LayerNorm(const std::string& name) {
    return {Add({hidden_}, WeightDecay::kNo, InitialValue::kOne,
                {{prefix_ + name + ".weight", 0, hidden_}})
                .value,
            Add({hidden_}, WeightDecay::kNo, InitialValue::kZero,
                {{prefix_ + name + ".bias", 0, hidden_}})
                .value};
  }

  // Several matrices of `rows` rows each, one below the other. Names with their prefix.
  Linear Stacked(const std::vector<std::string>& names, int64_t rows, int64_t columns) {
    std::vector<ParameterPart> weights, biases;
    for (const std::string& name : names) {
      weights.push_back({name + ".weight", int64_t(weights.size()) * rows, rows});
      biases.push_back({name + ".bias", int64_t(biases.size()) * rows, rows});
    }
    const int64_t all_rows = rows * int64_t(names.size());
    return {Add({all_rows, columns}, WeightDecay::kYes, InitialValue::kNormal, weights).value,
            Add({all_rows}, WeightDecay::kNo, InitialValue::kZero, biases).value};
  }

  LayerParameters Layer(const LayerNames& names, int64_t index, int64_t intermediate) {
    const std::string layer = names.layer + std::to_string(index) + ".";
    const std::string full = prefix_ + layer;
    LayerParameters made;
    made.qkv =
        Stacked({full + names.query, full + names.key, full + names.value}, hidden_, hidden_);
    made.attention = Stacked({full + names.attention}, hidden_, hidden_);
    made.attention_norm = LayerNorm(layer + names.attention_norm);
    made.up = Stacked({full + names.up}, intermediate, hidden_);
    made.down = Stacked({full + names.down}, hidden_, intermediate);
    made.output_norm = LayerNorm(layer + names.output_norm);
    return made;
  }

 private:
  Parameter& Add(at::IntArrayRef shape, WeightDecay decay, InitialValue initial,
                 std::vector<ParameterPart> parts) {
    at::Tensor value = at::empty(shape, options_);
    value.set_requires_grad(true);
    all_.push_back({std::move(value), decay, initial, -1, std::move(parts)});
    return all_.back();
  }

  const std::string prefix_;
  const int64_t hidden_;
  const at::TensorOptions options_;
  std::vector<Parameter>& all_;
};

// transformers' create_sinusoidal_embeddings.
at::Tensor Sinusoidal(int64_t rows, int64_t columns) {
  at::Tensor table = at::empty({rows, columns}, at::kFloat);
  float* out = table.data_ptr<float>();
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t column = 0; column < columns; ++column) {
      const double angle =
          double(row) / std::pow(10000.0, 2.0 * double(column / 2) / double(columns));
      out[row * columns + column] = float(column % 2 == 0 ? std::sin(angle) : std::cos(angle));
    }
  }
  return table;
}

}  // namespace

std::string EncoderPrefix(ModelType type) { return std::string(ModelTypeName(type)) + "."; }

ClassifierParameters AllocateParameters(const ModelConfig& config, at::Device device) {
  ClassifierParameters made;
  Allocator allocate(config, device, made.all);
  const bool roberta = config.type == ModelType::kRoberta;
  const bool distilbert = config.type == ModelType::kDistilBert;
  made.word = allocate.Table("embeddings.word_embeddings", config.vocab_size, config.pad_token_id);
  made.position = allocate.Table("embeddings.position_embeddings", config.max_positions,
                                 roberta ? config.pad_token_id : -1);
  if (config.sinusoidal_positions) {
    made.all.back().initial = InitialValue::kSinusoidal;
    made.position.set_requires_grad(false);  // transformers freezes them
  }
  if (config.type_vocab_size > 0) {
    made.token_type =
        allocate.Table("embeddings.token_type_embeddings", config.type_vocab_size, -1);
  }
  made.embedding_norm = allocate.LayerNorm("embeddings.LayerNorm");
  for (int64_t i = 0; i < config.layers; ++i) {
    made.layers.push_back(
        allocate.Layer(distilbert ? kDistilBertNames : kBertNames, i, config.intermediate_size));
  }
  const char* head = distilbert ? "pre_classifier"
                     : roberta  ? "classifier.dense"
                                : "bert.pooler.dense";
  made.head = allocate.Stacked({head}, config.hidden_size, config.hidden_size);
  made.classifier = allocate.Stacked({roberta ? "classifier.out_proj" : "classifier"},
                                     int64_t(config.labels.size()), config.hidden_size);
  return made;
}

void InitializeParameter(const ModelConfig& config, Parameter& parameter) {
  const at::NoGradGuard no_grad;
  at::Tensor& value = parameter.value;
  switch (parameter.initial) {
    case InitialValue::kZero:
      value.zero_();
      return;
    case InitialValue::kOne:
      value.fill_(1);
      return;
    case InitialValue::kSinusoidal:
      value.copy_(Sinusoidal(value.size(0), value.size(1)));
      return;
    case InitialValue::kNormal:
      break;
  }
  at::Tensor drawn = at::empty(value.sizes(), at::kFloat).normal_(0, config.initializer_range);
  if (parameter.zero_row >= 0) drawn.select(0, parameter.zero_row).zero_();
  value.copy_(drawn);
}

}  // namespace xp::trainer
