// A clock that moves only by sleeping, for retry loops.
#pragma once

#include <absl/time/time.h>

#include <mutex>
#include <vector>

#include "client/cpp/retry.h"

namespace xp::client {

// Safe from any thread but for its members, which are read when nobody sleeps any more.
struct FakeTime {
  std::mutex mutex;
  absl::Duration now;
  std::vector<absl::Duration> sleeps;

  // The FakeTime must outlive it.
  RetryEnvironment Environment() {
    RetryEnvironment environment;
    environment.monotonic = [this] {
      const std::lock_guard<std::mutex> lock(mutex);
      return now;
    };
    environment.sleep = [this](absl::Duration duration) {
      const std::lock_guard<std::mutex> lock(mutex);
      sleeps.push_back(duration);
      now += duration;
    };
    environment.random = [] { return 0.5; };
    return environment;
  }
};

}  // namespace xp::client
