#include "server/http/growing_pool.h"

#include <spdlog/spdlog.h>

#include <system_error>
#include <utility>

namespace xp::http {

void GrowingPool::Enqueue(std::function<void()> task) {
  MutexLock lock(mutex_);
  tasks_.push_back(std::move(task));
  if (idle_ < tasks_.size() && threads_.size() < most_) {
    AddThread();
  } else {
    work_.NotifyOne();
  }
}

void GrowingPool::AddThread() {
  try {
    threads_.emplace_back([this] { Run(); });
  } catch (const std::system_error& error) {
    spdlog::warn("http: no thread for a connection ({}); it waits for one of {}", error.what(),
                 threads_.size());
    work_.NotifyOne();
  }
}

void GrowingPool::Shutdown() {
  std::vector<std::thread> threads;
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    work_.NotifyAll();
    threads = std::exchange(threads_, {});
  }
  for (std::thread& thread : threads) thread.join();
}

void GrowingPool::Run() {
  while (true) {
    std::function<void()> task;
    {
      MutexLock lock(mutex_);
      ++idle_;
      while (tasks_.empty() && !stopping_) work_.Wait(mutex_);
      --idle_;
      if (tasks_.empty()) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    task();
  }
}

}  // namespace xp::http
