// The background work of the store but the checkpoints, all of it in bounded steps that are changes
// like any other, so that nobody waits long behind one: merging chunks, removing what was deleted,
// collecting blobs. A thread of its own runs a round each period.
#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/container/flat_hash_set.h>

#include <cstdint>

#include "proto/mutex.h"
#include "server/store/blob_claims.h"
#include "server/store/blob_folder.h"
#include "server/store/commit_listener.h"
#include "server/store/periodic_thread.h"
#include "server/store/sqlite/reader_pool.h"
#include "server/store/store.h"

namespace xp::store {

class Maintenance final : public CommitListener {
 public:
  // All outlive this object.
  struct Parts {
    Store* store;
    ReaderPool* pool;
    BlobFolder* blobs;
    BlobClaims* claims;
    const StoreOptions* options;
  };
  explicit Maintenance(Parts parts) : parts_(parts) {}

  // Both are for one thread; Stop joins.
  void Start();
  void Stop() { thread_.Stop(); }

  // Everything that is due, here and now. The first failure ends the round; the next goes on. A
  // Stop ends it after the step under way.
  absl::Status RunRound();

  // Notes whose chunks may want merging.
  void OnCommit(const CommittedChanges& changes) override;

 private:
  bool KeepsGoing() const { return !thread_.stopping(); }
  absl::Status MergeChunks();

  const Parts parts_;
  Mutex round_mutex_;  // one round at a time

  Mutex mutex_;
  bool look_at_all_ ABSL_GUARDED_BY(mutex_) = true;  // nothing is known after a start
  absl::flat_hash_set<core::AttemptKey> touched_ ABSL_GUARDED_BY(mutex_);
  int64_t blob_cursor_ ABSL_GUARDED_BY(round_mutex_) = 0;

  PeriodicThread thread_;  // last: it uses all of them
};

}  // namespace xp::store
