// The models that a training leaves: the last one, and in best/ the one of the lowest evaluation
// loss where that was an earlier epoch's. Needs LibTorch. One owner.
#pragma once

#include <absl/status/status.h>
#include <filesystem>
#include <ostream>

#include "worker/trainer/model/classifier.h"
#include "worker/trainer/tokenizer/tokenizer_copy.h"
#include "worker/trainer/train/train_options.h"
#include "worker/trainer/train/train_state.h"

namespace xp::trainer {

class KeptModels {
 public:
  // All must outlive this. `last_epoch` is the training's.
  KeptModels(const TrainOptions* options, const TokenizerCopy* tokenizer, uint64_t last_epoch)
      : options_(*options), tokenizer_(*tokenizer), last_epoch_(last_epoch) {}

  // After the evaluation of epoch state.evaluated_epochs.
  absl::Status AfterEvaluation(double loss, const Classifier& classifier, TrainState& state) const;

  // Says on `err` when the best one is not there: an earlier attempt kept none.
  absl::Status AtTheEnd(const Classifier& classifier, const TrainState& state,
                        std::ostream& err) const;

 private:
  // Beside the checkpoints, where there are some, so that a later attempt still has it.
  std::filesystem::path BestDir() const;

  const TrainOptions& options_;
  const TokenizerCopy& tokenizer_;
  const uint64_t last_epoch_;
};

}  // namespace xp::trainer
