// BERT, DistilBERT and RoBERTa for sequence classification, as transformers computes them. Needs
// LibTorch. One owner at a time; Forward may throw c10::Error (see torch_runtime.h).
#pragma once

#include <ATen/ATen.h>

#include "worker/trainer/model/config.h"
#include "worker/trainer/model/packing.h"
#include "worker/trainer/model/parameters.h"

namespace xp::trainer {

struct Batch {
  at::Tensor ids;          // [B, T] int64
  at::Tensor mask;         // [B, T] bool, true for tokens that count; undefined: all do
  at::Tensor token_types;  // [B, T] int64; undefined: all 0
  at::Tensor labels;       // [B] int64; undefined for prediction
  Packing packing;         // of what holds tokens; where on, nothing else is computed
};

// With dropout or without; kTrainRecomputing keeps of each layer only its input for the backward
// pass (recompute.h).
enum class Mode { kTrain, kTrainRecomputing, kEvaluate };

class Classifier {
 public:
  // Filled from the default CPU generator, as from scratch.
  Classifier(ModelConfig config, at::Device device);

  // [B, C] float32. Recomputing: this object and the batch's mask must live until the backward
  // pass.
  at::Tensor Forward(const Batch& batch, Mode mode) const;

  const ModelConfig& config() const { return config_; }
  at::Device device() const { return device_; }
  std::vector<Parameter>& parameters() { return parameters_.all; }
  const std::vector<Parameter>& parameters() const { return parameters_.all; }

 private:
  // What attention needs to know of a batch; the rest of a layer works on single rows.
  struct Attended {
    int64_t batch, length;
    at::Tensor ignored_keys;  // [B, 1, 1, T], true where the softmax must see nothing
    at::Tensor rows;          // as Packing's
  };

  // N rows: the packing's, else B * T.
  at::Tensor Embed(const Batch& batch, Mode mode) const;  // [N, H]
  at::Tensor Layer(const LayerParameters& layer, const at::Tensor& hidden, const Attended& attended,
                   Mode mode) const;  // [N, H]
  at::Tensor Attend(const LayerParameters& layer, const at::Tensor& hidden,
                    const Attended& attended, Mode mode) const;  // [N, H]
  at::Tensor Activate(const at::Tensor& x) const;
  at::Tensor Normalize(const at::Tensor& x, const Norm& norm) const;

  const ModelConfig config_;
  const at::Device device_;
  ClassifierParameters parameters_;
};

// Mean over the batch, in float32.
at::Tensor CrossEntropy(const at::Tensor& logits, const at::Tensor& labels);

}  // namespace xp::trainer
