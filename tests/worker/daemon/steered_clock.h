// Real time that a test moves on, and stops for one thread. Safe from any thread.
#pragma once

#include <absl/time/time.h>

#include <optional>
#include <set>
#include <thread>

#include "proto/clock.h"
#include "proto/mutex.h"

namespace xp::daemon {

class SteeredClock final : public Clock {
 public:
  absl::Time Now() override {
    MutexLock lock(mutex_);
    return system_.Now() + added_ + jumped_;
  }
  absl::Duration Monotonic() override {
    MutexLock lock(mutex_);
    const std::thread::id self = std::this_thread::get_id();
    if (known_.insert(self).second && hold_next_) {
      hold_next_ = false;
      held_ = self;
    }
    while (held_ == self) changed_.Wait(mutex_);
    return system_.Monotonic() + added_;
  }

  // Moves all clocks.
  void Advance(absl::Duration by) {
    MutexLock lock(mutex_);
    added_ += by;
  }
  absl::Duration added() {
    MutexLock lock(mutex_);
    return added_;
  }
  // Moves the wall clock alone, as an administrator or NTP would.
  void JumpWall(absl::Duration by) {
    MutexLock lock(mutex_);
    jumped_ += by;
  }

  // The next thread that asks Monotonic() for the first time waits there for Release().
  void HoldNextNewThread() {
    MutexLock lock(mutex_);
    hold_next_ = true;
  }
  bool holds() {
    MutexLock lock(mutex_);
    return held_.has_value();
  }
  void Release() {
    MutexLock lock(mutex_);
    hold_next_ = false;
    held_.reset();
    changed_.NotifyAll();
  }

 private:
  SystemClock system_;

  Mutex mutex_;
  CondVar changed_;
  absl::Duration added_ ABSL_GUARDED_BY(mutex_);
  absl::Duration jumped_ ABSL_GUARDED_BY(mutex_);
  bool hold_next_ ABSL_GUARDED_BY(mutex_) = false;
  std::set<std::thread::id> known_ ABSL_GUARDED_BY(mutex_);
  std::optional<std::thread::id> held_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace xp::daemon
