#include "worker/trainer/train/adamw.h"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <torch/version.h>

#include <cmath>

namespace xp::trainer {
namespace {

// Elements that one task takes: enough that starting a thread does not show.
constexpr int64_t kGrain = 1 << 15;

void Multiply(std::vector<at::Tensor>& gradients, const at::Tensor& factor) {
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 1)
  at::_foreach_mul_(gradients, factor);  // on a GPU a few kernels for all
#else
  for (at::Tensor& gradient : gradients) gradient.mul_(factor);
#endif
}

}  // namespace

AdamW::AdamW(std::vector<Parameter>* parameters, AdamWOptions options)
    : parameters_(parameters), options_(options) {
  for (const Parameter& parameter : *parameters_) {
    first_.push_back(at::zeros_like(parameter.value));
    second_.push_back(at::zeros_like(parameter.value));
  }
}

void AdamW::ZeroGradients() {
  // Undefined, so that the next backward pass hands over its array instead of adding to one.
  for (Parameter& parameter : *parameters_) parameter.value.mutable_grad() = at::Tensor();
}

at::Tensor AdamW::ClipGradients(double max_norm, double scale) {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> gradients;
  for (Parameter& parameter : *parameters_) {
    if (parameter.value.grad().defined()) gradients.push_back(parameter.value.mutable_grad());
  }
  const at::Tensor norm = at::stack(at::_foreach_norm(gradients)).norm() / scale;
  at::Tensor factor = at::full_like(norm, 1 / scale);
  if (max_norm > 0) factor = (max_norm / (norm + 1e-6)).clamp_max(1.0) / scale;
  const bool on_gpu = norm.is_cuda();  // there, asking for the number would stop the pipeline
  if (on_gpu || factor.item<float>() != 1) Multiply(gradients, factor);
  return norm;
}

void AdamW::Step(double learning_rate) {
  const at::NoGradGuard no_grad;
  ++steps_;
  if (!parameters_->empty() && parameters_->front().value.is_cuda()) {
    StepOnGpu(learning_rate);
    return;
  }
  for (size_t i = 0; i < parameters_->size(); ++i) StepOnCpu(i, learning_rate);
}

void AdamW::StepOnCpu(size_t i, double learning_rate) {
  Parameter& parameter = (*parameters_)[i];
  if (!parameter.value.grad().defined()) return;
  const at::Tensor gradient = parameter.value.grad().contiguous();
  float* const w = parameter.value.data_ptr<float>();
  float* const m = first_[i].data_ptr<float>();
  float* const v = second_[i].data_ptr<float>();
  const float* const g = gradient.data_ptr<float>();
  const double decay = parameter.decay == WeightDecay::kYes ? options_.weight_decay : 0;
  const auto keep = float(1 - learning_rate * decay);
  const auto beta1 = float(options_.beta1), beta2 = float(options_.beta2);
  const auto epsilon = float(options_.epsilon);
  const double correction1 = 1 - std::pow(options_.beta1, double(steps_));
  const auto step_size = float(learning_rate / correction1);
  const auto root = float(std::sqrt(1 - std::pow(options_.beta2, double(steps_))));
  at::parallel_for(0, parameter.value.numel(), kGrain, [=](int64_t begin, int64_t end) {
    for (int64_t k = begin; k < end; ++k) {
      const float gk = g[k];
      const float mk = m[k] + (gk - m[k]) * (1 - beta1);
      const float vk = v[k] * beta2 + (1 - beta2) * gk * gk;
      m[k] = mk;
      v[k] = vk;
      w[k] = w[k] * keep - step_size * (mk / (std::sqrt(vk) / root + epsilon));
    }
  });
}

void AdamW::StepOnGpu(double learning_rate) {
  const double correction1 = 1 - std::pow(options_.beta1, double(steps_));
  const double root = std::sqrt(1 - std::pow(options_.beta2, double(steps_)));
  for (const WeightDecay group : {WeightDecay::kYes, WeightDecay::kNo}) {
    std::vector<at::Tensor> values, gradients, first, second;
    for (size_t i = 0; i < parameters_->size(); ++i) {
      Parameter& parameter = (*parameters_)[i];
      if (parameter.decay != group || !parameter.value.grad().defined()) continue;
      values.push_back(parameter.value);
      gradients.push_back(parameter.value.grad());
      first.push_back(first_[i]);
      second.push_back(second_[i]);
    }
    if (values.empty()) continue;
    const double decay = group == WeightDecay::kYes ? options_.weight_decay : 0;
#if TORCH_VERSION_MAJOR >= 2
    const at::Tensor step = at::full({}, double(steps_), values[0].options());
    const std::vector<at::Tensor> steps(values.size(), step);
    at::_fused_adamw_(values, gradients, first, second, {}, steps, learning_rate, options_.beta1,
                      options_.beta2, decay, options_.epsilon, /*amsgrad=*/false,
                      /*maximize=*/false);
    (void)correction1;
    (void)root;
#else
    if (decay > 0) at::_foreach_mul_(values, 1 - learning_rate * decay);
    at::_foreach_mul_(first, options_.beta1);
    at::_foreach_add_(first, gradients, 1 - options_.beta1);
    at::_foreach_mul_(second, options_.beta2);
    at::_foreach_addcmul_(second, gradients, gradients, 1 - options_.beta2);
    std::vector<at::Tensor> denominators = at::_foreach_sqrt(second);
    at::_foreach_div_(denominators, root);
    at::_foreach_add_(denominators, options_.epsilon);
    at::_foreach_addcdiv_(values, first, denominators, -learning_rate / correction1);
#endif
  }
}

}  // namespace xp::trainer
