// AdminReads over SQLite: figures and the backup.
#pragma once

#include <absl/base/thread_annotations.h>

#include <string>

#include "proto/mutex.h"
#include "server/store/admin_store.h"
#include "server/store/blob_claims.h"
#include "server/store/blob_folder.h"
#include "server/store/data_folder.h"
#include "server/store/disk_space.h"
#include "server/store/group_commit.h"
#include "server/store/sqlite/reader_pool.h"
#include "server/store/store.h"

namespace xp::store {

class SqliteAdmin final : public AdminReads {
 public:
  // All outlive this object.
  struct Parts {
    ReaderPool* pool;
    GroupCommit* writer;
    BlobFolder* blobs;
    BlobClaims* claims;
    DiskSpace* disk;
    const StoreOptions* options;
    const DataFolder* folder;
    std::string database_location;
    std::string store_id;
  };
  explicit SqliteAdmin(Parts parts) : parts_(std::move(parts)) {}

  std::string store_id() const override { return parts_.store_id; }
  absl::StatusOr<v1::Stats> GetStats() override;
  absl::Status BackUp(const BackUpSink& sink) override;

 private:
  const Parts parts_;
  Mutex backup_mutex_;
  bool backup_runs_ ABSL_GUARDED_BY(backup_mutex_) = false;
};

}  // namespace xp::store
