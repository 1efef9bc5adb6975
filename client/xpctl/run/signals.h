// Signals that people send (SIGINT, SIGTERM, SIGHUP), taken when it suits: blocked for the whole
// process from the construction on, and asked for where the program would wait anyway.
//
// Lifetime: made before any thread is started, as threads inherit what is blocked. One thread.
#pragma once

#include <absl/time/time.h>
#include <signal.h>

namespace xp::xpctl {

class Signals {
 public:
  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  // Waits up to `timeout` (below a second); true when a signal came.
  bool Wait(absl::Duration timeout) const;

 private:
  sigset_t set_{};
  sigset_t before_{};
};

}  // namespace xp::xpctl
