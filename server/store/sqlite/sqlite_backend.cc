#include "server/store/sqlite/sqlite_backend.h"

#include "proto/status.h"

namespace xp::store {

absl::Status SqliteBackend::Begin() {
  session_.Begin(clock_.Now());
  return session_.db().Run("BEGIN IMMEDIATE");
}

absl::Status SqliteBackend::BeginItem() {
  mark_ = session_.changes().Here();
  return session_.db().Run("SAVEPOINT item");
}

absl::Status SqliteBackend::KeepItem() { return session_.db().Run("RELEASE item"); }

absl::Status SqliteBackend::UndoItem() {
  session_.changes().CutBackTo(mark_);
  XP_RETURN_IF_ERROR(session_.db().Run("ROLLBACK TO item"));
  return session_.db().Run("RELEASE item");
}

absl::StatusOr<CommittedChanges> SqliteBackend::Commit() {
  XP_ASSIGN_OR_RETURN(CommittedChanges changes, session_.changes().Take(session_.db()));
  XP_RETURN_IF_ERROR(session_.db().Run("COMMIT"));
  return changes;
}

void SqliteBackend::Rollback() {
  session_.changes().Clear();
  // SQLite has rolled back by itself after some errors; then there is nothing left to do.
  const Damage before = session_.db().TakeDamage();
  session_.db().Run("ROLLBACK").IgnoreError();
  session_.db().TakeDamage();
  session_.db().RestoreDamage(before);
}

GroupHealth SqliteBackend::TakeHealth() {
  switch (session_.db().TakeDamage()) {
    case Damage::kNone:
      return GroupHealth::kGood;
    case Damage::kGroup:
      return GroupHealth::kGroupLost;
    case Damage::kDisk:
      return GroupHealth::kDiskLost;
  }
  return GroupHealth::kGroupLost;
}

}  // namespace xp::store
