// WriteContext over SQLite: one object for the life of the store, lent to one change after the
// other.
#pragma once

#include "server/store/sqlite/attempt_writes.h"
#include "server/store/sqlite/backfill_writes.h"
#include "server/store/sqlite/experiment_writes.h"
#include "server/store/sqlite/file_writes.h"
#include "server/store/sqlite/report_writes.h"
#include "server/store/sqlite/trial_writes.h"
#include "server/store/sqlite/worker_rows.h"
#include "server/store/sqlite/write_session.h"
#include "server/store/write_context.h"

namespace xp::store {

class SqliteWriteContext final : public WriteContext {
 public:
  explicit SqliteWriteContext(WriteSession* session)
      : session_(*session),
        experiments_(session),
        trials_(session),
        attempts_(session),
        reports_(session),
        backfills_(session),
        files_(session),
        workers_(session) {}

  ExperimentWrites& experiments() override { return experiments_; }
  TrialWrites& trials() override { return trials_; }
  AttemptWrites& attempts() override { return attempts_; }
  ReportWrites& reports() override { return reports_; }
  BackfillWrites& backfills() override { return backfills_; }
  FileWrites& files() override { return files_; }
  WorkerWrites& workers() override { return workers_; }
  absl::Time now() const override { return session_.now(); }

  WriteSession& session() { return session_; }

 private:
  WriteSession& session_;
  SqliteExperimentWrites experiments_;
  SqliteTrialWrites trials_;
  SqliteAttemptWrites attempts_;
  SqliteReportWrites reports_;
  SqliteBackfillWrites backfills_;
  SqliteFileWrites files_;
  SqliteWorkerWrites workers_;
};

// For the store's own changes: every context of a SQLite store is this one.
inline WriteSession& SessionOf(WriteContext& context) {
  return static_cast<SqliteWriteContext&>(context).session();
}

}  // namespace xp::store
