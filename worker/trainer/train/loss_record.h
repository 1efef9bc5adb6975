// The losses of the steps: their sums for the log, and a look at each of them, and at the norm of
// its gradients, for what is no number. On a GPU they are looked at some steps late, since asking
// for a number each time would stop its pipeline. Needs LibTorch. One owner.
#pragma once

#include <ATen/ATen.h>

#include <absl/status/status.h>
#include <cstdint>
#include <string>
#include <vector>

#include "worker/trainer/train/train_state.h"

namespace xp::trainer {

class LossRecord {
 public:
  // `state` must outlive this; its sums are kept up to date.
  explicit LossRecord(TrainState* state) : state_(state) {}

  // Of step state->step, float32 scalars; an undefined norm is one that does not matter. Looks at
  // all when enough are waiting.
  absl::Status Add(at::Tensor loss, at::Tensor gradient_norm);

  // ABORTED names the first step whose loss or gradient is not finite.
  absl::Status Check();

  // The step whose loss was the first to be no number; 0: none yet.
  uint64_t lost_at() const { return lost_at_; }

 private:
  TrainState* const state_;
  std::vector<at::Tensor> unseen_, unseen_norms_;  // of the last steps, on the device
  uint64_t lost_at_ = 0;
};

// ABORTED: "WHAT is nan; ..." with what may help.
absl::Status NotFinite(const std::string& what, double value);

}  // namespace xp::trainer
