#include "server/store/sqlite/purge.h"

#include "proto/status.h"
#include "server/store/sqlite/sqlite_write_context.h"

namespace xp::store {
namespace {

// Rows of a batch: chunk rows of up to some ten KiB each, so a batch holds the writer for
// milliseconds.
constexpr int kBatchRows = 200;

// A deleted trial that is still there; 0: none.
absl::StatusOr<int64_t> NextTrial(Database& db) {
  Query query(db, "SELECT id FROM trials WHERE deleted = 1 LIMIT 1");
  const int64_t id = query.Next() ? query.Int(0) : 0;
  XP_RETURN_IF_ERROR(query.status());
  return id;
}

// The attempt's rows that hold its bytes and points. True: none is left.
absl::StatusOr<bool> PurgeChunks(Database& db, int64_t attempt) {
  XP_RETURN_IF_ERROR(
      db.Run("DELETE FROM log_chunks WHERE id IN (SELECT id FROM log_chunks WHERE attempt_id = ? "
             "LIMIT ?)",
             attempt, kBatchRows));
  if (db.changes() > 0) return false;
  XP_RETURN_IF_ERROR(
      db.Run("DELETE FROM point_chunks WHERE id IN (SELECT id FROM point_chunks WHERE "
             "attempt_id = ? LIMIT ?)",
             attempt, kBatchRows));
  return db.changes() == 0;
}

absl::Status PurgeAttempt(Database& db, int64_t attempt) {
  XP_RETURN_IF_ERROR(db.Run("DELETE FROM series_blocks WHERE id BETWEEN ? AND ?", attempt * 1024,
                            attempt * 1024 + 1023));
  XP_RETURN_IF_ERROR(db.Run("DELETE FROM sources WHERE attempt_id = ?", attempt));
  XP_RETURN_IF_ERROR(db.Run("DELETE FROM definition_counters WHERE attempt_id = ?", attempt));
  XP_RETURN_IF_ERROR(db.Run("DELETE FROM artifacts WHERE attempt_id = ?", attempt));
  XP_RETURN_IF_ERROR(db.Run("DELETE FROM backfill_done WHERE attempt_id = ?", attempt));
  XP_RETURN_IF_ERROR(db.Run("DELETE FROM backfill_waiting WHERE attempt_id = ?", attempt));
  XP_RETURN_IF_ERROR(db.Run("DELETE FROM backfill_builds WHERE attempt_id = ?", attempt));
  return db.Run("DELETE FROM attempts WHERE id = ?", attempt);
}

absl::Status PurgeTrial(Database& db, int64_t trial) {
  XP_RETURN_IF_ERROR(db.Run("DELETE FROM events WHERE trial_id = ?", trial));
  XP_RETURN_IF_ERROR(db.Run("DELETE FROM backfill_definitions WHERE trial_id = ?", trial));
  XP_RETURN_IF_ERROR(db.Run("DELETE FROM trial_blobs WHERE trial_id = ?", trial));
  XP_RETURN_IF_ERROR(db.Run("DELETE FROM trial_details WHERE trial_id = ?", trial));
  XP_RETURN_IF_ERROR(db.Run("DELETE FROM trials WHERE id = ?", trial));
  return db.Run(
      "DELETE FROM definition_sets WHERE NOT EXISTS "
      "(SELECT 1 FROM trials WHERE definitions_id = definition_sets.id)");
}

// One batch. False: nothing was left to do.
absl::StatusOr<bool> PurgeBatch(WriteContext& context) {
  Database& db = SessionOf(context).db();
  XP_ASSIGN_OR_RETURN(const int64_t trial, NextTrial(db));
  if (trial == 0) {
    XP_RETURN_IF_ERROR(
        db.Run("DELETE FROM experiments WHERE deleted = 1 AND NOT EXISTS "
               "(SELECT 1 FROM trials WHERE experiment_id = experiments.id)"));
    return false;
  }
  int64_t attempt = 0;
  {
    Query query(db, "SELECT id FROM attempts WHERE trial_id = ? LIMIT 1", trial);
    if (query.Next()) attempt = query.Int(0);
    XP_RETURN_IF_ERROR(query.status());
  }
  if (attempt == 0) {
    XP_RETURN_IF_ERROR(PurgeTrial(db, trial));
    return true;
  }
  XP_ASSIGN_OR_RETURN(const bool empty, PurgeChunks(db, attempt));
  if (empty) XP_RETURN_IF_ERROR(PurgeAttempt(db, attempt));
  return true;
}

}  // namespace

absl::Status PurgeDeleted(Store& store, const std::function<bool()>& keep_going) {
  for (bool more = true; more && keep_going();) {
    XP_ASSIGN_OR_RETURN(more, store.Apply<bool>(PurgeBatch));
  }
  return absl::OkStatus();
}

}  // namespace xp::store
