// Threads for connections, made when they are needed and kept: an idle server has few, one with
// many streams has one for each. Beyond the most, connections wait for a thread.
#pragma once

#include <absl/base/thread_annotations.h>
#include <httplib.h>

#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "proto/mutex.h"

namespace xp::http {

// Safe from any thread but shutdown, which is called once and joins.
class GrowingPool final : public httplib::TaskQueue {
 public:
  explicit GrowingPool(size_t most) : most_(most) {}
  ~GrowingPool() override { shutdown(); }

  // The server accepts before it queues, so at most as many wait as the process may have files
  // open. Where the system has no thread left, the connection waits for one that is there.
  void enqueue(std::function<void()> task) override;
  void shutdown() override;

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
