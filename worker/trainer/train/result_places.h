// Whether what a training writes goes where it destroys nothing that it, or a later one, reads. Any
// thread; nothing is kept from others who write there meanwhile.
#pragma once

#include <absl/status/status.h>

#include "worker/trainer/train/train_options.h"

namespace xp::trainer {

// INVALID_ARGUMENT: the model lies where this training replaces it while it goes on, as its own
// best/ or one of its checkpoints: another attempt would begin from another model.
absl::Status CheckModelStays(const TrainOptions& options);

// Makes the folders for results now, so that a wrong one costs no training. INVALID_ARGUMENT: one
// cannot be made, is an input channel, or a file of lines would be written over an input. Also
// ErrnoStatus's.
absl::Status MakeResultPlaces(const TrainOptions& options);

}  // namespace xp::trainer
