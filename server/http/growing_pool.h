// Threads that answer requests, made when they are needed and kept: an idle server has few, one
// with many streams has one for each. Beyond the most, requests wait for a thread.
#pragma once

#include <absl/base/thread_annotations.h>
#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "proto/mutex.h"

namespace xp::http {

// Safe from any thread but Shutdown, which runs what waits, joins, and is idempotent.
class GrowingPool {
 public:
  explicit GrowingPool(size_t most) : most_(most) {}
  ~GrowingPool() { Shutdown(); }
  GrowingPool(const GrowingPool&) = delete;
  GrowingPool& operator=(const GrowingPool&) = delete;

  // At most as many wait as there are connections (connection_watch.h). Where the system has no
  // thread left, the task waits for one that is there.
  void Enqueue(std::function<void()> task);
  void Shutdown();

 private:
  void Run();
  void AddThread() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const size_t most_;
  Mutex mutex_;
  CondVar work_;
  std::deque<std::function<void()>> tasks_ ABSL_GUARDED_BY(mutex_);
  size_t idle_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace xp::http
