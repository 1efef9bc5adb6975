#include "server/store/periodic_thread.h"

#include <chrono>
#include <utility>

namespace xp::store {

void PeriodicThread::Start(absl::Duration period, std::function<void()> work) {
  if (thread_.joinable()) return;
  thread_ = std::thread([this, period, work = std::move(work)] { Loop(period, work); });
}

void PeriodicThread::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    wake_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
}

bool PeriodicThread::stopping() const {
  MutexLock lock(mutex_);
  return stopping_;
}

void PeriodicThread::Loop(absl::Duration period, const std::function<void()>& work) {
  for (;;) {
    {
      MutexLock lock(mutex_);
      if (!stopping_) wake_.WaitFor(mutex_, absl::ToChronoNanoseconds(period));
      if (stopping_) return;
    }
    work();
  }
}

}  // namespace xp::store
