// The training itself: epochs, evaluation after each, checkpoints, the Trainer's log lines. Needs
// LibTorch. One per process (LibTorch's seeds and threads are the process's).
#pragma once

#include <absl/status/status.h>
#include <atomic>
#include <ostream>
#include <string>

#include "worker/trainer/progress.h"
#include "worker/trainer/train/train_options.h"

namespace xp::trainer {

struct RunEnvironment {
  Now now;
  std::ostream* out = nullptr;  // the Trainer's lines; flushed after each
  std::ostream* err = nullptr;  // everything else; from several threads, which std::cerr allows
  ProgressStyle progress = ProgressStyle::kSilent;
  std::string visible_gpus;                 // CUDA_VISIBLE_DEVICES
  const std::atomic<bool>* stop = nullptr;  // set when the process is asked to end
};

// CANCELLED: stopped, after a checkpoint where there is a folder for them. ABORTED: the loss, a
// gradient or a weight is no longer a number; the message names the step and what is kept. Else the
// codes of its parts.
absl::Status Train(const TrainOptions& options, const RunEnvironment& environment);

}  // namespace xp::trainer
