// How long a training is, in batches, optimiser steps and epochs, and the learning rate of each
// step. Pure.
#pragma once

#include <cstddef>
#include <cstdint>

#include "worker/trainer/train/train_options.h"

namespace xp::trainer {

struct Schedule {
  uint64_t batches_per_epoch = 0;
  uint64_t steps_per_epoch = 0;  // the last one may have fewer batches
  uint64_t steps = 0;            // of the whole training
  uint64_t epochs = 0;           // begun in those steps
  uint64_t warmup_steps = 0;
  double learning_rate = 0;  // peak

  // What step number `step` (from 0) uses: linear warm-up, then linear decay to 0 at the end, as
  // transformers' get_linear_schedule_with_warmup.
  double RateAt(uint64_t step) const;
};

Schedule MakeSchedule(const TrainOptions& options, size_t examples);

}  // namespace xp::trainer
