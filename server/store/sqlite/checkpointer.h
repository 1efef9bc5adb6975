// Checkpoints: what is committed moves from the write-ahead log into the database. On a thread and
// a connection of their own, so that the rest of the background work does not hold them up, nor
// they it.
//
// Each period moves what it can without waiting for anybody. A log beyond the limit is truncated
// when no reader is in it; for that, readers that are about to leave are waited for, and commits
// meanwhile, but never longer than the connection's busy timeout (20 ms).
#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/status/status.h>

#include "proto/mutex.h"
#include "server/store/periodic_thread.h"
#include "server/store/sqlite/database.h"
#include "server/store/store.h"

namespace xp::store {

class Checkpointer {
 public:
  // `db` may be null (a database in memory): then there is nothing to do. Both outlive this object.
  Checkpointer(Database* db, const StoreOptions* options) : db_(db), options_(*options) {}

  // Both are for one thread; Stop joins.
  void Start();
  void Stop() { thread_.Stop(); }

  // One checkpoint, here and now; from any thread. Codes of SqliteStatus: what failed is tried
  // again by the next one and nothing is lost, but after a failed sync `options.fatal` ends the
  // process.
  absl::Status Run();

 private:
  void RunAndTell();
  absl::Status MoveLog() ABSL_EXCLUSIVE_LOCKS_REQUIRED(connection_);

  Database* const db_;
  const StoreOptions& options_;
  absl::StatusCode told_ = absl::StatusCode::kOk;  // by the thread: a full disk stays full for long

  Mutex connection_;       // held while db_ is used; no other lock is taken under it
  PeriodicThread thread_;  // last: it uses all of them
};

}  // namespace xp::store
