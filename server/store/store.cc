#include "server/store/store.h"

#include "proto/mutex.h"

namespace xp::store {

absl::Status Store::Apply(Change change) {
  Mutex mutex;
  CondVar answered;
  bool is_answered = false;
  absl::Status result;
  Enqueue(std::move(change), [&](const absl::Status& status) {
    MutexLock lock(mutex);
    result = status;
    is_answered = true;
    // Under the lock: the waiter may return, and take the CondVar with it, as soon as it is free.
    answered.NotifyOne();
  });
  MutexLock lock(mutex);
  while (!is_answered) answered.Wait(mutex);
  return result;
}

}  // namespace xp::store
