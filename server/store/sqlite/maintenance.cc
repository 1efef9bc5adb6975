#include "server/store/sqlite/maintenance.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "proto/status.h"
#include "server/store/sqlite/blob_collection.h"
#include "server/store/sqlite/merge_chunks.h"
#include "server/store/sqlite/purge.h"
#include "server/store/sqlite/sqlite_write_context.h"

namespace xp::store {

void Maintenance::Start() {
  thread_.Start(parts_.options->maintenance_period, [this] {
    const absl::Status status = RunRound();
    if (!status.ok()) spdlog::warn("background work of the store: {}", FormatStatus(status));
  });
}

void Maintenance::OnCommit(const CommittedChanges& changes) {
  MutexLock lock(mutex_);
  for (const SourceGrowth& growth : changes.growths) touched_.insert(growth.key);
  for (const core::AttemptKey& key : changes.metrics_changed) touched_.insert(key);
  for (const AttemptConfirmation& end : changes.confirmations) touched_.insert(end.key);
}

absl::Status Maintenance::RunRound() {
  MutexLock round(round_mutex_);
  const auto keep_going = [this] { return KeepsGoing(); };
  XP_RETURN_IF_ERROR(PurgeDeleted(*parts_.store, keep_going));
  XP_RETURN_IF_ERROR(MergeChunks());
  return CollectBlobs({parts_.store, parts_.pool, parts_.blobs, parts_.claims, parts_.options},
                      keep_going, blob_cursor_);
}

absl::Status Maintenance::MergeChunks() {
  absl::flat_hash_set<core::AttemptKey> touched;
  bool look_at_all = false;
  {
    MutexLock lock(mutex_);
    touched = std::exchange(touched_, {});
    look_at_all = std::exchange(look_at_all_, false);
  }
  if (look_at_all) {
    XP_ASSIGN_OR_RETURN(const auto untidy, FindUntidyAttempts(*parts_.pool));
    touched.insert(untidy.begin(), untidy.end());
  }
  for (const core::AttemptKey& key : touched) {
    if (!KeepsGoing()) break;
    const absl::Status status = MergeAttemptChunks(*parts_.store, *parts_.pool, key);
    if (status.ok()) continue;
    // The rest is done by the next round, which looks at everything again.
    MutexLock lock(mutex_);
    look_at_all_ = true;
    return absl::IsResourceExhausted(status) ? absl::OkStatus() : status;
  }
  return absl::OkStatus();
}

}  // namespace xp::store
