// From options to what a training needs: data, model, device. Needs LibTorch.
#pragma once

#include <absl/status/statusor.h>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "worker/trainer/data/shard.h"
#include "worker/trainer/model/classifier.h"
#include "worker/trainer/tokenizer/tokenizer_copy.h"
#include "worker/trainer/torch_runtime.h"
#include "worker/trainer/train/loss_scaler.h"
#include "worker/trainer/train/train_options.h"

namespace xp::trainer {

struct TrainSetup {
  TokenizerCopy tokenizer;  // for the models that are saved
  Examples train, test;
  bool has_test = false;
  at::Device device = at::kCPU;
  Precision precision = Precision::kFloat32;
  LossScaler::Use loss_scaling = LossScaler::Use::kOff;
  int threads = 1;
  std::unique_ptr<Classifier> classifier;  // initialised from the seed, weights not yet loaded
};

// Reads and checks everything before any work is done, and makes the folders for results. Says on
// `err` what was chosen. The codes of its parts; INVALID_ARGUMENT where data and model do not fit
// together.
absl::StatusOr<TrainSetup> SetUp(const TrainOptions& options, std::ostream& err);

// The pre-trained weights, where the model folder has some.
absl::Status LoadInitialWeights(const TrainOptions& options, TrainSetup& setup, std::ostream& err);

// What must be equal for a checkpoint to be continued.
nlohmann::ordered_json ResumeSettings(const TrainOptions& options, const TrainSetup& setup);

}  // namespace xp::trainer
