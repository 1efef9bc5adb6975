#include "worker/trainer/train/loss_record.h"

#include <absl/strings/str_format.h>
#include <cmath>
#include <utility>

#include "worker/trainer/train/log_lines.h"

namespace xp::trainer {
namespace {

constexpr size_t kGpuDelay = 16;

}  // namespace

absl::Status LossRecord::Add(at::Tensor loss) {
  const bool now = loss.is_cpu();
  unseen_.push_back(std::move(loss));
  return now || unseen_.size() >= kGpuDelay ? Check() : absl::OkStatus();
}

absl::Status LossRecord::Check() {
  if (unseen_.empty()) return absl::OkStatus();
  const at::Tensor losses = at::stack(unseen_).to(at::kCPU, at::kDouble);
  const uint64_t first = state_->step - unseen_.size() + 1;
  unseen_.clear();
  for (int64_t i = 0; i < losses.numel(); ++i) {
    const double loss = losses[i].item<double>();
    if (!std::isfinite(loss)) {
      return absl::AbortedError(absl::StrFormat(
          "the loss of step %d is %s; a lower --learning_rate or more --warmup_steps may help. "
          "The last checkpoint is from before",
          first + uint64_t(i), PythonFloat(loss)));
    }
    state_->loss_since_log += loss;
    state_->loss_total += loss;
  }
  return absl::OkStatus();
}

}  // namespace xp::trainer
