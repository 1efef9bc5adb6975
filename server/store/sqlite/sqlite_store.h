// The store over SQLite: owns the folder, the connections, the writer and the background work, and
// hands out the interfaces of store.h.
#pragma once

#include <memory>
#include <string>

#include "server/store/blob_claims.h"
#include "server/store/blob_folder.h"
#include "server/store/data_folder.h"
#include "server/store/group_commit.h"
#include "server/store/sqlite/attempt_standing.h"
#include "server/store/sqlite/backfill_writes.h"
#include "server/store/sqlite/checkpointer.h"
#include "server/store/sqlite/database.h"
#include "server/store/sqlite/file_writes.h"
#include "server/store/sqlite/log_reads.h"
#include "server/store/sqlite/maintenance.h"
#include "server/store/sqlite/metric_reads.h"
#include "server/store/sqlite/reader_pool.h"
#include "server/store/sqlite/sqlite_admin.h"
#include "server/store/sqlite/sqlite_backend.h"
#include "server/store/sqlite/sqlite_blobs.h"
#include "server/store/sqlite/trial_reads.h"
#include "server/store/sqlite/worker_rows.h"
#include "server/store/store.h"

namespace xp::store {

class SqliteStore final : public Store {
 public:
  // What Open made ready; all of it is used until the end.
  struct Opened {
    std::unique_ptr<DataFolder> folder;
    std::unique_ptr<Database> writer;
    std::unique_ptr<Database> checkpointer;  // nothing for a database in memory
    std::unique_ptr<ReaderPool> readers;
    std::string database_location;
    std::string store_id;
  };
  SqliteStore(StoreOptions options, Opened opened);
  ~SqliteStore() override;

  void Enqueue(Change change, Done done) override;
  ExperimentReads& experiments() override { return experiments_; }
  TrialReads& trials() override { return trials_; }
  AttemptReads& attempts() override { return attempts_; }
  MetricReads& metrics() override { return metrics_; }
  LogReads& logs() override { return logs_; }
  BackfillReads& backfills() override { return backfills_; }
  FileReads& files() override { return files_; }
  WorkerReads& workers() override { return workers_; }
  AdminReads& admin() override { return admin_; }
  Blobs& blobs() override { return blobs_; }
  void AddListener(CommitListener* listener) override;
  void RemoveListener(CommitListener* listener) override;
  void Start() override;
  void Stop() override;
  absl::Status RunMaintenance() override;

 private:
  const StoreOptions options_;
  Opened opened_;
  RealDiskSpace real_disk_;
  DiskSpace& disk_;
  BlobFolder blob_folder_;
  BlobClaims claims_;
  WriteSession session_;
  SqliteBackend backend_;
  GroupCommit writer_;
  SqliteExperimentReads experiments_;
  SqliteTrialReads trials_;
  SqliteAttemptReads attempts_;
  SqliteMetricReads metrics_;
  SqliteLogReads logs_;
  SqliteBackfillReads backfills_;
  SqliteFileReads files_;
  SqliteWorkerReads workers_;
  SqliteBlobs blobs_;
  SqliteAdmin admin_;
  Maintenance maintenance_;
  Checkpointer checkpointer_;
};

}  // namespace xp::store
