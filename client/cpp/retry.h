// The only retry loop of client and worker (AIP-194): UNAVAILABLE is tried again, nothing else is.
// Exponential backoff with jitter; time, sleep and randomness come from outside.
//
// Threads: a Retrier may be used from any thread when its functions may.
#pragma once

#include <absl/status/status.h>
#include <absl/time/time.h>

#include <functional>

namespace xp::client {

struct RetryPolicy {
  absl::Duration initial = absl::Milliseconds(100);  // upper bound of the first pause
  absl::Duration maximum = absl::Seconds(5);         // upper bound of any pause
  double multiplier = 2.0;
  // No new attempt begins after this. Zero: never try again.
  absl::Duration give_up_after = absl::Seconds(10);
};

// What a retry loop needs of the world. Tests pass their own.
struct RetryEnvironment {
  std::function<absl::Duration()> monotonic;  // time since an arbitrary start
  std::function<void(absl::Duration)> sleep;
  std::function<double()> random;   // in [0, 1)
  std::function<bool()> cancelled;  // empty: never; asked before each pause

  // The machine's clock, thread sleep and a generator seeded by the system.
  static RetryEnvironment System();
};

class Retrier {
 public:
  explicit Retrier(RetryPolicy policy = {},
                   RetryEnvironment environment = RetryEnvironment::System())
      : policy_(policy), environment_(std::move(environment)) {}

  // Calls `attempt` until it answers something else than UNAVAILABLE or time is up; then the last
  // answer. `attempt` sets `*progressed` when it got further than before: the clock and the pauses
  // then begin anew (an upload that was cut goes on as long as bytes arrive).
  absl::Status Run(const std::function<absl::Status(bool* progressed)>& attempt) const;

  // The pause before attempt number `retry` (1, 2, 3 ...): in [half of the bound, the bound).
  absl::Duration Pause(int retry) const;

  const RetryEnvironment& environment() const { return environment_; }

 private:
  const RetryPolicy policy_;
  const RetryEnvironment environment_;
};

}  // namespace xp::client
