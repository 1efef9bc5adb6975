// Dynamic loss scaling for float16, whose gradients would otherwise fall below its smallest number:
// torch.cuda.amp.GradScaler's rule and numbers. The loss is multiplied by scale(); a step whose
// gradients are not finite is left out and halves the scale, 2,000 good ones in a row double it.
// Pure.
#pragma once

#include <cstdint>

namespace xp::trainer {

struct LossScalerState {
  double scale = 65536;     // GradScaler's init_scale
  uint64_t good_steps = 0;  // since the scale last changed
  uint64_t skipped = 0;     // steps left out so far
};

class LossScaler {
 public:
  static constexpr uint64_t kGrowthInterval = 2000;

  enum class Use { kOff, kOn };
  LossScaler(Use use, double initial_scale) : on_(use == Use::kOn) {
    state_.scale = on_ ? initial_scale : 1;
  }

  bool on() const { return on_; }
  double scale() const { return state_.scale; }

  enum class Gradients { kFinite, kNotFinite };
  void Update(Gradients seen) {
    if (!on_) return;
    if (seen == Gradients::kNotFinite) {
      state_.scale /= 2;
      state_.good_steps = 0;
      ++state_.skipped;
    } else if (++state_.good_steps == kGrowthInterval) {
      state_.scale *= 2;
      state_.good_steps = 0;
    }
  }

  const LossScalerState& state() const { return state_; }
  void set_state(const LossScalerState& state) { state_ = state; }

 private:
  const bool on_;
  LossScalerState state_;
};

}  // namespace xp::trainer
