#include "client/cpp/retry.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <mutex>
#include <random>
#include <thread>

namespace xp::client {

RetryEnvironment RetryEnvironment::System() {
  struct Generator {
    std::mutex mutex;
    std::mt19937_64 engine{std::random_device{}()};
  };
  auto generator = std::make_shared<Generator>();
  RetryEnvironment environment;
  environment.monotonic = [] {
    return absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
  };
  environment.sleep = [](absl::Duration duration) {
    std::this_thread::sleep_for(absl::ToChronoMilliseconds(duration));
  };
  environment.random = [generator] {
    const std::lock_guard<std::mutex> lock(generator->mutex);
    return std::uniform_real_distribution<double>(0, 1)(generator->engine);
  };
  return environment;
}

absl::Duration Retrier::Pause(int retry) const {
  absl::Duration bound = policy_.initial;
  for (int i = 1; i < retry && bound < policy_.maximum; ++i) bound *= policy_.multiplier;
  bound = std::min(bound, policy_.maximum);
  return bound * (0.5 + 0.5 * environment_.random());
}

absl::Status Retrier::Run(const std::function<absl::Status(bool*)>& attempt) const {
  absl::Duration began = environment_.monotonic();
  for (int retry = 1;; ++retry) {
    bool progressed = false;
    absl::Status status = attempt(&progressed);
    if (!absl::IsUnavailable(status)) return status;
    if (progressed) {
      began = environment_.monotonic();
      retry = 1;
    }
    const absl::Duration pause = Pause(retry);
    if (environment_.monotonic() - began + pause > policy_.give_up_after) return status;
    if (environment_.cancelled && environment_.cancelled()) return status;
    environment_.sleep(pause);
  }
}

}  // namespace xp::client
