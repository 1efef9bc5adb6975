// Says when something of some experiments has changed: the server pushes, nobody polls. A stream
// for each experiment, through restarts of the server.
//
// Threads: one of its own per experiment; the methods from the thread that made it. Lifetime:
// the client must outlive it.
#pragma once

#include <absl/status/status.h>
#include <absl/time/time.h>

#include <string>
#include <thread>
#include <vector>

#include "client/cpp/client.h"
#include "client/xpctl/trial_watch.h"
#include "proto/mutex.h"

namespace xp::xpctl {

class ChangeWatch {
 public:
  ChangeWatch(client::Client& client, const std::vector<std::string>& experiments);
  ~ChangeWatch();
  ChangeWatch(const ChangeWatch&) = delete;
  ChangeWatch& operator=(const ChangeWatch&) = delete;

  // kChanged: states or numbers, since the last call. kOver: every trial has ended, nothing more
  // will come. kAway: the server went away; what it has missed to say is said when it is back.
  // kSilence: nothing within `timeout`. Else what ended a stream, e.g. NOT_FOUND.
  enum class News { kChanged, kOver, kAway, kSilence };
  absl::StatusOr<News> Wait(absl::Duration timeout);

 private:
  void Follow(client::Client& client, const std::string& experiment, WatchCancel* cancel);

  std::vector<WatchCancel> cancels_;  // by experiment
  Mutex mutex_;
  CondVar news_;
  bool changed_ ABSL_GUARDED_BY(mutex_) = false;
  bool away_ ABSL_GUARDED_BY(mutex_) = false;
  size_t open_ ABSL_GUARDED_BY(mutex_);
  absl::Status failed_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_;
};

}  // namespace xp::xpctl
