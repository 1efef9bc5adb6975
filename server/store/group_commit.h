// The one writer (DESIGN section 4, rule 8): a thread that takes whatever changes wait, makes them
// one transaction, each in a savepoint of its own, and answers them after the commit is durable.
// While a commit syncs, the next group gathers by itself: no timer, no added latency.
//
// Knows nothing of SQLite: a GroupBackend does the work.
#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/status/status.h>
#include <absl/time/time.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "proto/clock.h"
#include "proto/mutex.h"
#include "server/store/commit_listener.h"
#include "server/store/store.h"

namespace xp::store {

// How bad a failure was, for those who share the transaction.
enum class GroupHealth {
  kGood,
  kGroupLost,  // full, I/O error: nothing of the group can be committed
  kDiskLost,   // a failed fsync: the process must end
};

// One transaction at a time. Only called from the writer's thread.
class GroupBackend {
 public:
  virtual ~GroupBackend() = default;

  virtual absl::Status Begin() = 0;
  virtual absl::Status BeginItem() = 0;
  virtual WriteContext& context() = 0;
  // Keeps, or takes back, what the item did.
  virtual absl::Status KeepItem() = 0;
  virtual absl::Status UndoItem() = 0;
  // Durable when OK; then the changes are what listeners are told.
  virtual absl::StatusOr<CommittedChanges> Commit() = 0;
  virtual void Rollback() = 0;
  // The worst that happened since the last call.
  virtual GroupHealth TakeHealth() = 0;
};

struct GroupCommitStats {
  uint64_t commits = 0;
  uint64_t items = 0;
  absl::Duration commit_time;
  uint64_t queue_length = 0;
};

class GroupCommit {
 public:
  struct Options {
    size_t queue_max = 10'000;
    size_t group_max = 1'000;
    std::function<void(const absl::Status&)> fatal;  // must end the process
  };

  // All outlive this object. The thread runs from Start to Stop.
  GroupCommit(GroupBackend* backend, Clock* clock, Options options);
  ~GroupCommit();

  void Start();
  // Refuses what comes from now on, writes what waits, joins.
  void Stop();

  // As Store::Enqueue.
  void Enqueue(Change change, Done done);

  void AddListener(CommitListener* listener);
  void RemoveListener(CommitListener* listener);

  GroupCommitStats stats() const;

 private:
  struct Item {
    Change change;
    Done done;
    absl::Status result;
  };

  void Run();
  void WriteGroup(std::vector<Item>& group);
  // The status that the whole group failed with; OK when the commit is durable.
  absl::Status Transact(std::vector<Item>& group, CommittedChanges& changes);
  absl::Status RunItem(Item& item);

  GroupBackend* const backend_;
  Clock* const clock_;
  const Options options_;
  std::thread thread_;

  // Lock order: listener_mutex_ before mutex_.
  mutable Mutex mutex_;
  CondVar work_;
  std::deque<Item> queue_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  GroupCommitStats stats_ ABSL_GUARDED_BY(mutex_);

  Mutex listener_mutex_;  // held while listeners are called
  std::vector<CommitListener*> listeners_ ABSL_GUARDED_BY(listener_mutex_);
};

}  // namespace xp::store
