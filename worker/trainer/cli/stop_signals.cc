#include "worker/trainer/cli/stop_signals.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdint>

namespace xp::trainer {
namespace {

// A signal handler can reach nothing that is not global.
std::atomic<bool> stop_requested{false};
static_assert(std::atomic<bool>::is_always_lock_free);
std::atomic<int> stop_event{-1};  // readable as soon as a signal has come; -1: poll leaves it out

void OnStopSignal(int) {
  const int before = errno;
  stop_requested.store(true);
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(stop_event.load(), &one, sizeof one);
  errno = before;
}

}  // namespace

sigset_t StopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

void ReleaseStopSignals() {
  const sigset_t signals = StopSignals();
  ::pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

const std::atomic<bool>& CatchStopSignals() {
  stop_event.store(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  struct sigaction action {};
  action.sa_handler = OnStopSignal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = int(SA_RESETHAND) | SA_RESTART;
  ::sigaction(SIGTERM, &action, nullptr);
  ::sigaction(SIGINT, &action, nullptr);
  ReleaseStopSignals();
  return stop_requested;
}

void WaitUnlessStopped(std::chrono::milliseconds time) {
  using std::chrono::steady_clock;
  const auto end = steady_clock::now() + time;
  pollfd event{stop_event.load(), POLLIN, 0};
  while (!stop_requested.load()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - steady_clock::now());
    if (left.count() <= 0) return;
    // Again after another signal's handler. An event that could not be made is waited for in vain.
    ::poll(&event, 1, int(std::min<int64_t>(left.count(), INT_MAX)));
  }
}

}  // namespace xp::trainer
