// The losses of the steps: their sums for the log, and a look at each for what is no number. On a
// GPU they are looked at some steps late, since asking for a number each time would stop its
// pipeline. Needs LibTorch. One owner.
#pragma once

#include <ATen/ATen.h>

#include <absl/status/status.h>
#include <cstdint>
#include <vector>

#include "worker/trainer/train/train_state.h"

namespace xp::trainer {

class LossRecord {
 public:
  // `state` must outlive this; its sums are kept up to date.
  explicit LossRecord(TrainState* state) : state_(state) {}

  // Of step state->step, a float32 scalar. Looks at all when enough are waiting.
  absl::Status Add(at::Tensor loss);

  // ABORTED names the first step whose loss is not finite.
  absl::Status Check();

 private:
  TrainState* const state_;
  std::vector<at::Tensor> unseen_;  // of the last steps, on the device
};

}  // namespace xp::trainer
