// A clock that moves only by sleeping, for retry loops.
#pragma once

#include <absl/time/time.h>

#include <memory>
#include <vector>

#include "client/cpp/retry.h"

namespace xp::client {

struct FakeTime {
  absl::Duration now;
  std::vector<absl::Duration> sleeps;

  // The FakeTime must outlive it.
  RetryEnvironment Environment() {
    RetryEnvironment environment;
    environment.monotonic = [this] { return now; };
    environment.sleep = [this](absl::Duration duration) {
      sleeps.push_back(duration);
      now += duration;
    };
    environment.random = [] { return 0.5; };
    return environment;
  }
};

}  // namespace xp::client
