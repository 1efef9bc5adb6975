// One optimiser step: some batches forward and backward, clipping, the update. Needs LibTorch. One
// owner; Step may throw c10::Error (see torch_runtime.h).
#pragma once

#include <cstdint>

#include "worker/trainer/data/collate.h"
#include "worker/trainer/train/adamw.h"
#include "worker/trainer/train/loss_scaler.h"
#include "worker/trainer/train/setup.h"
#include "worker/trainer/train/train_options.h"

namespace xp::trainer {

enum class Update { kMade, kLeftOut };  // left out: gradients beyond float16's range

struct StepResult {
  at::Tensor loss;  // mean over the batches, float32 scalar on the device
  at::Tensor norm;  // of all gradients before clipping, likewise
  Update update = Update::kMade;
  uint64_t real_tokens = 0, computed_tokens = 0;  // with padding that was not skipped
};

class Stepper {
 public:
  // Both must outlive this.
  Stepper(const TrainOptions* options, TrainSetup* setup);

  // Takes `batches` batches, which must be there.
  StepResult Step(Prefetcher& prefetcher, uint64_t batches, double learning_rate);

  AdamW& optimizer() { return optimizer_; }
  LossScaler& scaler() { return scaler_; }

 private:
  const TrainOptions* const options_;
  TrainSetup* const setup_;
  AdamW optimizer_;
  LossScaler scaler_;
};

}  // namespace xp::trainer
