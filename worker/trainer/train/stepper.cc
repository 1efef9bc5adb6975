#include "worker/trainer/train/stepper.h"

#include <cmath>
#include <utility>

namespace xp::trainer {

Stepper::Stepper(const TrainOptions* options, TrainSetup* setup)
    : options_(options),
      setup_(setup),
      optimizer_(&setup->classifier->parameters(), {options->adam_beta1, options->adam_beta2,
                                                    options->adam_epsilon, options->weight_decay}),
      scaler_(setup->loss_scaling, options->initial_loss_scale) {}

StepResult Stepper::Step(Prefetcher& prefetcher, uint64_t batches, double learning_rate) {
  StepResult result;
  optimizer_.ZeroGradients();
  const Mode mode = options_->gradient_checkpointing == GradientCheckpointing::kLayers
                        ? Mode::kTrainRecomputing
                        : Mode::kTrain;
  for (uint64_t i = 0; i < batches; ++i) {
    const CollatedBatch made = *prefetcher.Next();
    result.real_tokens += made.real_tokens;
    result.computed_tokens += made.computed_tokens;
    const Batch batch = ToDevice(made.tensors, setup_->device);
    at::Tensor loss;
    {
      const Autocast autocast(setup_->device, setup_->precision);
      loss = CrossEntropy(setup_->classifier->Forward(batch, mode), batch.labels);
    }
    if (batches > 1) loss = loss / double(batches);
    (scaler_.on() ? loss * scaler_.scale() : loss).backward();
    const at::Tensor detached = loss.detach();
    result.loss = result.loss.defined() ? result.loss + detached : detached;
  }
  if (!scaler_.on()) {
    result.norm = optimizer_.ClipGradients(options_->max_grad_norm, /*scale=*/1);
    optimizer_.Step(learning_rate);
    return result;
  }
  // As GradScaler, this asks the device for a number in each step.
  result.norm = optimizer_.ClipGradients(options_->max_grad_norm, scaler_.scale());
  const bool finite = std::isfinite(result.norm.item<float>());
  if (finite) {
    optimizer_.Step(learning_rate);
  } else {
    result.update = Update::kLeftOut;
  }
  scaler_.Update(finite ? LossScaler::Gradients::kFinite : LossScaler::Gradients::kNotFinite);
  return result;
}

}  // namespace xp::trainer
