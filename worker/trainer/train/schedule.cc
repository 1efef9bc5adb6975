#include "worker/trainer/train/schedule.h"

#include <algorithm>
#include <cmath>

namespace xp::trainer {
namespace {

uint64_t Parts(uint64_t whole, uint64_t part) { return (whole + part - 1) / part; }

}  // namespace

Schedule MakeSchedule(const TrainOptions& options, size_t examples) {
  Schedule made;
  made.batches_per_epoch = Parts(examples, options.train_batch_size);
  made.steps_per_epoch = Parts(made.batches_per_epoch, options.gradient_accumulation_steps);
  made.steps = options.max_steps > 0 ? options.max_steps : made.steps_per_epoch * options.epochs;
  made.epochs = Parts(made.steps, made.steps_per_epoch);
  made.warmup_steps = options.warmup_steps > 0
                          ? options.warmup_steps
                          : uint64_t(std::ceil(options.warmup_ratio * double(made.steps)));
  made.learning_rate = options.learning_rate;
  return made;
}

double Schedule::RateAt(uint64_t step) const {
  if (step < warmup_steps)
    return learning_rate * double(step) / double(std::max<uint64_t>(1, warmup_steps));
  if (step >= steps) return 0;
  return learning_rate * double(steps - step) / double(std::max<uint64_t>(1, steps - warmup_steps));
}

}  // namespace xp::trainer
