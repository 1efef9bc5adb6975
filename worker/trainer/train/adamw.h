// AdamW as torch.optim.AdamW computes it: decoupled decay, bias correction, epsilon added to the
// corrected root. One pass over each array on the CPU; LibTorch's fused kernel on a GPU. Needs
// LibTorch. One owner.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

#include "worker/trainer/model/parameters.h"

namespace xp::trainer {

struct AdamWOptions {
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0;
};

class AdamW {
 public:
  // `parameters` must outlive this.
  AdamW(std::vector<Parameter>* parameters, AdamWOptions options);

  // The gradients are `scale` times what they should be (loss_scaler.h). Divides them by it, and
  // where their 2-norm together is then above max_norm > 0, scales them to it
  // (torch.nn.utils.clip_grad_norm_). Returns the norm before clipping, a float32 scalar on the
  // device; where it is not finite the gradients are not to be used.
  at::Tensor ClipGradients(double max_norm, double scale);

  void Step(double learning_rate);
  void ZeroGradients();

  // For checkpoints.
  uint64_t steps() const { return steps_; }
  void set_steps(uint64_t steps) { steps_ = steps; }
  std::vector<at::Tensor>& first_moments() { return first_; }    // exp_avg, by parameter
  std::vector<at::Tensor>& second_moments() { return second_; }  // exp_avg_sq

 private:
  void StepOnCpu(size_t i, double learning_rate);
  void StepOnGpu(double learning_rate);

  std::vector<Parameter>* const parameters_;
  const AdamWOptions options_;
  std::vector<at::Tensor> first_, second_;
  uint64_t steps_ = 0;
};

}  // namespace xp::trainer
