#include "client/xpctl/run/signals.h"

#include <ctime>

namespace xp::xpctl {

Signals::Signals() {
  sigemptyset(&set_);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set_, signal);
  pthread_sigmask(SIG_BLOCK, &set_, &before_);
}

Signals::~Signals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

bool Signals::Wait(absl::Duration timeout) const {
  const timespec time = absl::ToTimespec(timeout);
  return ::sigtimedwait(&set_, nullptr, &time) > 0;
}

}  // namespace xp::xpctl
