// A classifier's trainable arrays under their Hugging Face names. Query, key and value of a layer
// are one array here (one matrix product instead of three) and three names outside. Needs LibTorch.
#pragma once

#include <ATen/ATen.h>

#include <string>
#include <vector>

#include "worker/trainer/model/config.h"

namespace xp::trainer {

enum class WeightDecay { kYes, kNo };  // biases and layer norms have none, as in the Trainer
enum class InitialValue { kNormal, kZero, kOne, kSinusoidal };

// Rows [row, row + rows) of a parameter, as one tensor of a checkpoint.
struct ParameterPart {
  std::string name;  // "distilbert.transformer.layer.0.attention.q_lin.weight"
  int64_t row = 0;
  int64_t rows = 0;
};

struct Parameter {
  at::Tensor value;  // float32, requires grad unless frozen
  WeightDecay decay = WeightDecay::kYes;
  InitialValue initial = InitialValue::kNormal;
  int64_t zero_row = -1;  // this row starts at zero and gets no gradient: the padding token's
  std::vector<ParameterPart> parts;
};

struct Linear {
  at::Tensor weight;  // [out, in]
  at::Tensor bias;    // [out]
};

struct Norm {
  at::Tensor weight, bias;  // [H]
};

struct LayerParameters {
  Linear qkv;        // [3H, H]
  Linear attention;  // [H, H]
  Norm attention_norm;
  Linear up, down;  // [I, H], [H, I]
  Norm output_norm;
};

// All arrays of one model. `all` and the named members share storage.
struct ClassifierParameters {
  at::Tensor word, position, token_type;  // [V, H], [P, H], [types, H] or undefined
  Norm embedding_norm;
  std::vector<LayerParameters> layers;
  Linear head;        // pre_classifier, classifier.dense or pooler.dense: [H, H]
  Linear classifier;  // [C, H]

  std::vector<Parameter> all;
};

// Allocated, not filled.
ClassifierParameters AllocateParameters(const ModelConfig& config, at::Device device);

// Fills one parameter as transformers' _init_weights: normal(0, initializer_range), biases 0,
// norms 1. Uses the default generator of the CPU whatever the device, so that a seed gives the same
// weights everywhere.
void InitializeParameter(const ModelConfig& config, Parameter& parameter);

// The names of the encoder, without "distilbert.": what a bare encoder's checkpoint may use.
std::string EncoderPrefix(ModelType type);  // "distilbert."

}  // namespace xp::trainer
