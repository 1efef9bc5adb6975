// Checkpoints: what is committed moves from the write-ahead log into the database. On a thread and
// a connection of their own, so that neither a commit nor the rest of the background work holds
// them up, nor they it.
//
// Each period moves what it can without waiting for anybody; a log beyond the limit is truncated,
// which waits for readers to leave (they never stay long).
#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/status/status.h>

#include <thread>

#include "proto/mutex.h"
#include "server/store/sqlite/database.h"
#include "server/store/store.h"

namespace xp::store {

class Checkpointer {
 public:
  // `db` may be null (a database in memory): then there is nothing to do. Both outlive this object.
  Checkpointer(Database* db, const StoreOptions* options) : db_(db), options_(*options) {}
  ~Checkpointer() { Stop(); }

  // Both are for one thread; Stop joins.
  void Start();
  void Stop();

  // One checkpoint, here and now; from any thread. Codes of SqliteStatus: what failed is tried
  // again by the next one and nothing is lost, but after a failed sync `options.fatal` ends the
  // process.
  absl::Status Run();

 private:
  void Loop();
  absl::Status Move() ABSL_EXCLUSIVE_LOCKS_REQUIRED(connection_);

  Database* const db_;
  const StoreOptions& options_;
  std::thread thread_;

  Mutex connection_;  // held while db_ is used; before no other lock
  Mutex mutex_;
  CondVar wake_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace xp::store
