#include "server/store/sqlite/schema.h"

#include "proto/status.h"

namespace xp::store {
namespace {

absl::Status CheckOurs(Database& db, int version, size_t known) {
  int64_t application_id = 0;
  int64_t tables = 0;
  {
    Query query(db, "PRAGMA application_id");
    if (query.Next()) application_id = query.Int(0);
    XP_RETURN_IF_ERROR(query.status());
  }
  {
    Query query(db, "SELECT count(*) FROM sqlite_master");
    if (query.Next()) tables = query.Int(0);
    XP_RETURN_IF_ERROR(query.status());
  }
  if (application_id != kApplicationId && (application_id != 0 || tables != 0 || version != 0)) {
    return absl::FailedPreconditionError(
        "the database is not xp's: give xpserver a --data-dir of its own");
  }
  if (version > static_cast<int>(known)) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the database has version ", version, ", this program knows versions up to ", known,
        ": it was written by a newer xpserver; start that one, or restore a backup"));
  }
  return absl::OkStatus();
}

absl::Status CheckForeignKeys(Database& db) {
  Query query(db, "PRAGMA foreign_key_check");
  if (query.Next()) {
    return absl::DataLossError(
        absl::StrCat("a row of table ", query.Text(0), " refers to a row that is not there"));
  }
  return query.status();
}

absl::Status RunMigrations(Database& db, const std::vector<Migration>& migrations, int version) {
  for (size_t i = version; i < migrations.size(); ++i) {
    XP_RETURN_IF_ERROR(
        Annotate(db.RunScript(migrations[i].sql), absl::StrCat("migration ", migrations[i].name)));
  }
  XP_RETURN_IF_ERROR(CheckForeignKeys(db));
  // PRAGMA takes no bound values; both are numbers of ours.
  const std::string stamp = absl::StrCat("PRAGMA application_id = ", kApplicationId,
                                         "; PRAGMA user_version = ", migrations.size());
  return db.RunScript(stamp.c_str());
}

}  // namespace

absl::StatusOr<int> SchemaVersion(Database& db) {
  Query query(db, "PRAGMA user_version");
  const int version = query.Next() ? query.Int32(0) : 0;
  XP_RETURN_IF_ERROR(query.status());
  return version;
}

absl::Status CheckSchema(Database& db, const std::vector<Migration>& migrations) {
  XP_ASSIGN_OR_RETURN(const int version, SchemaVersion(db));
  return CheckOurs(db, version, migrations.size());
}

absl::Status MigrateSchema(Database& db, const std::vector<Migration>& migrations) {
  XP_ASSIGN_OR_RETURN(const int before, SchemaVersion(db));
  XP_RETURN_IF_ERROR(CheckOurs(db, before, migrations.size()));
  if (before == static_cast<int>(migrations.size())) return absl::OkStatus();
  XP_RETURN_IF_ERROR(db.Run("BEGIN IMMEDIATE"));
  absl::Status status = RunMigrations(db, migrations, before);
  if (status.ok()) status = db.Run("COMMIT");
  if (!status.ok()) db.Run("ROLLBACK").IgnoreError();
  return status;
}

}  // namespace xp::store
