// A thread that does one thing again and again, a period apart, until it is stopped.
#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/time/time.h>

#include <functional>
#include <thread>

#include "proto/mutex.h"

namespace xp::store {

class PeriodicThread {
 public:
  PeriodicThread() = default;
  ~PeriodicThread() { Stop(); }
  PeriodicThread(const PeriodicThread&) = delete;
  PeriodicThread& operator=(const PeriodicThread&) = delete;

  // `work` runs a period after the start for the first time. Both Start and Stop are for one
  // thread; a second Start does nothing. Stop joins: what `work` uses may end after it.
  void Start(absl::Duration period, std::function<void()> work);
  void Stop();

  // Whether Stop was called: for work that can end early. From any thread.
  bool stopping() const;

 private:
  void Loop(absl::Duration period, const std::function<void()>& work);

  std::thread thread_;
  mutable Mutex mutex_;
  CondVar wake_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace xp::store
