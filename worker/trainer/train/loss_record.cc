#include "worker/trainer/train/loss_record.h"

#include <absl/strings/str_format.h>
#include <cmath>
#include <utility>

#include "worker/trainer/train/log_lines.h"

namespace xp::trainer {
namespace {

constexpr size_t kGpuDelay = 16;

}  // namespace

absl::Status LossRecord::Add(at::Tensor loss, at::Tensor gradient_norm) {
  const bool now = loss.is_cpu();
  unseen_norms_.push_back(gradient_norm.defined() ? std::move(gradient_norm)
                                                  : at::zeros_like(loss));
  unseen_.push_back(std::move(loss));
  return now || unseen_.size() >= kGpuDelay ? Check() : absl::OkStatus();
}

absl::Status LossRecord::Check() {
  if (unseen_.empty()) return absl::OkStatus();
  const at::Tensor losses = at::stack(unseen_).to(at::kCPU, at::kDouble);
  const at::Tensor norms = at::stack(unseen_norms_).to(at::kCPU, at::kDouble);
  const uint64_t first = state_->step - unseen_.size() + 1;
  unseen_.clear();
  unseen_norms_.clear();
  for (int64_t i = 0; i < losses.numel(); ++i) {
    const double loss = losses[i].item<double>(), norm = norms[i].item<double>();
    const uint64_t step = first + uint64_t(i);
    if (!std::isfinite(loss)) {
      lost_at_ = step;
      return NotFinite(absl::StrFormat("the loss of step %d", step), loss);
    }
    if (!std::isfinite(norm)) {
      return NotFinite(absl::StrFormat("the gradients' norm of step %d", step), norm);
    }
    state_->loss_since_log += loss;
    state_->loss_total += loss;
  }
  return absl::OkStatus();
}

absl::Status NotFinite(const std::string& what, double value) {
  return absl::AbortedError(
      absl::StrFormat("%s is %s; a lower --learning_rate or more --warmup_steps may help", what,
                      PythonFloat(value)));
}

}  // namespace xp::trainer
