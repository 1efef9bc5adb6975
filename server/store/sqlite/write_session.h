// What all writes of a group share: the connection, the time, the list of what changed, and the
// store's parts. One per store, used by the writer's thread alone.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "server/store/blob_folder.h"
#include "server/store/disk_space.h"
#include "server/store/sqlite/change_log.h"
#include "server/store/sqlite/database.h"
#include "server/store/store.h"

namespace xp::store {

class WriteSession {
 public:
  // All outlive this object.
  WriteSession(Database* db, const StoreOptions* options, BlobFolder* blobs, DiskSpace* disk)
      : db_(*db), options_(*options), blobs_(*blobs), disk_(*disk) {}

  // A new transaction at `now`.
  void Begin(absl::Time now);

  Database& db() { return db_; }
  const StoreOptions& options() const { return options_; }
  BlobFolder& blobs() { return blobs_; }
  ChangeLog& changes() { return changes_; }
  absl::Time now() const { return now_; }
  int64_t now_ns() const { return now_ns_; }
  int64_t now_ms() const { return now_ns_ / 1'000'000; }

  // RESOURCE_EXHAUSTED when the disk is below its reserve; asked once a transaction.
  absl::Status CheckReserve();

  // 16 random hex digits behind `prefix`.
  std::string NewUid(std::string_view prefix);

  // Rises with every call, through restarts too: places in the queue.
  absl::StatusOr<int64_t> NextQueueOrder();

 private:
  Database& db_;
  const StoreOptions& options_;
  BlobFolder& blobs_;
  DiskSpace& disk_;
  ChangeLog changes_;
  absl::Time now_;
  int64_t now_ns_ = 0;
  std::optional<absl::Status> reserve_;
  int64_t queue_order_ = 0;
};

}  // namespace xp::store
