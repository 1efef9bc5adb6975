// Time as a parameter: whoever needs it is given a Clock; tests give a ManualClock and never sleep.
#pragma once

#include <absl/time/clock.h>
#include <absl/time/time.h>

#include <atomic>
#include <chrono>
#include <cstdint>

namespace xp {

// Safe from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  // Wall time, for people and records. May jump.
  virtual absl::Time Now() = 0;
  // Time since an arbitrary start; never goes back. For leases, limits and graces.
  virtual absl::Duration Monotonic() = 0;
};

class SystemClock final : public Clock {
 public:
  absl::Time Now() override { return absl::Now(); }
  absl::Duration Monotonic() override {
    return absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
  }
};

// Stands still until told otherwise.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(absl::Time now = absl::FromUnixSeconds(1'700'000'000))
      : wall_ns_(absl::ToUnixNanos(now)) {}
  absl::Time Now() override { return absl::FromUnixNanos(wall_ns_.load()); }
  absl::Duration Monotonic() override { return absl::Nanoseconds(monotonic_ns_.load()); }
  // Moves both clocks.
  void Advance(absl::Duration by) {
    wall_ns_ += absl::ToInt64Nanoseconds(by);
    monotonic_ns_ += absl::ToInt64Nanoseconds(by);
  }
  // Moves the wall clock alone, as an administrator or NTP would.
  void JumpWall(absl::Duration by) { wall_ns_ += absl::ToInt64Nanoseconds(by); }

 private:
  std::atomic<int64_t> wall_ns_;
  std::atomic<int64_t> monotonic_ns_{0};
};

}  // namespace xp
