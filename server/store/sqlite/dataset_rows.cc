// Datasets: versions of named manifests.
#include <utility>

#include "proto/resource_name.h"
#include "proto/status.h"
#include "server/core/page_token.h"
#include "server/store/sqlite/file_writes.h"
#include "server/store/sqlite/manifest_refs.h"
#include "server/store/sqlite/page_budget.h"
#include "server/store/words.h"

namespace xp::store {
namespace {

#define XP_DATASET_COLUMNS                                                                   \
  "d.name, v.version, b.sha256, v.description, v.create_time, m.total_bytes, m.file_count, " \
  "d.folded_name FROM dataset_versions v JOIN datasets d ON d.id = v.dataset_id "            \
  "JOIN manifests m ON m.blob_id = v.manifest_id JOIN blobs b ON b.id = v.manifest_id "

v1::DatasetVersion ReadRow(const Query& query) {
  v1::DatasetVersion version;
  version.set_dataset(query.Text(0));
  version.set_version(query.Int32(1));
  version.set_manifest_sha256(query.Text(2));
  version.set_description(query.Text(3));
  *version.mutable_create_time() = ToTimestamp(query.Int(4));
  version.set_total_bytes(query.Uint(5));
  version.set_file_count(query.Int32(6));
  return version;
}

absl::StatusOr<v1::DatasetVersion> Load(Database& db, const StoredDataset& ref) {
  Query query(db, "SELECT " XP_DATASET_COLUMNS "WHERE d.folded_name = ? AND v.version = ?",
              FoldName(ref.name), ref.version);
  if (query.Next()) return ReadRow(query);
  XP_RETURN_IF_ERROR(query.status());
  return absl::NotFoundError(absl::StrCat("name: no dataset ", ref.ToString()));
}

// The dataset's id; made where it is not there.
absl::StatusOr<int64_t> RequireDataset(Database& db, std::string_view name) {
  XP_RETURN_IF_ERROR(
      db.Run("INSERT OR IGNORE INTO datasets (name, folded_name, last_version) VALUES (?, ?, 0)",
             name, FoldName(name)));
  Query query(db, "SELECT id FROM datasets WHERE folded_name = ?", FoldName(name));
  const int64_t id = query.Next() ? query.Int(0) : 0;
  XP_RETURN_IF_ERROR(query.status());
  return id;
}

// "E/T" of a trial that has not ended and refers to the manifest; empty: none.
absl::StatusOr<std::string> FindUser(Database& db, int64_t manifest_id) {
  Query query(
      db,
      "SELECT e.name || '/' || t.name FROM trial_blobs r JOIN trials t ON t.id = r.trial_id "
      "JOIN experiments e ON e.id = t.experiment_id WHERE r.blob_id = ? AND t.deleted = 0 "
      "AND t.state NOT IN ('COMPLETED', 'FAILED', 'STOPPED') LIMIT 1",
      manifest_id);
  std::string user = query.Next() ? query.Text(0) : "";
  XP_RETURN_IF_ERROR(query.status());
  return user;
}

}  // namespace

absl::StatusOr<v1::DatasetVersion> SqliteFileWrites::CreateDatasetVersion(
    const v1::CreateDatasetVersionRequest& request) {
  Database& db = session_.db();
  const v1::DatasetVersion& given = request.dataset_version();
  XP_RETURN_IF_ERROR(CheckName("dataset_version.dataset", given.dataset()));
  XP_ASSIGN_OR_RETURN(
      const int64_t manifest,
      RequireManifest(session_, "dataset_version.manifest_sha256", given.manifest_sha256()));
  auto newest = FindDataset(db, "dataset_version.dataset", given.dataset());
  if (newest.ok() && newest->manifest_id == manifest) return Load(db, *newest);
  if (!newest.ok() && !absl::IsNotFound(newest.status())) return newest.status();
  XP_ASSIGN_OR_RETURN(const int64_t dataset, RequireDataset(db, given.dataset()));
  XP_RETURN_IF_ERROR(
      db.Run("UPDATE datasets SET last_version = last_version + 1 WHERE id = ?", dataset));
  XP_RETURN_IF_ERROR(
      db.Run("INSERT INTO dataset_versions (dataset_id, version, manifest_id, description, "
             "create_time) SELECT id, last_version, ?, ?, ? FROM datasets WHERE id = ?",
             manifest, given.description(), session_.now_ns(), dataset));
  XP_ASSIGN_OR_RETURN(const StoredDataset made,
                      FindDataset(db, "dataset_version.dataset", given.dataset()));
  return Load(db, made);
}

absl::Status SqliteFileWrites::DeleteDatasetVersion(std::string_view name) {
  Database& db = session_.db();
  if (name.find('@') == name.npos) {
    return absl::InvalidArgumentError(
        absl::StrCat("name: '", ToAbsl(name), "' names no version; write ", ToAbsl(name), "@1"));
  }
  XP_ASSIGN_OR_RETURN(const StoredDataset ref, FindDataset(db, "name", name));
  XP_ASSIGN_OR_RETURN(const std::string user, FindUser(db, ref.manifest_id));
  if (!user.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("name: ", ref.ToString(), " is an input of ", user,
                     ", which has not ended; stop it, or wait for its end"));
  }
  return db.Run(
      "DELETE FROM dataset_versions WHERE version = ? AND dataset_id = (SELECT id FROM datasets "
      "WHERE folded_name = ?)",
      ref.version, FoldName(ref.name));
}

absl::StatusOr<v1::DatasetVersion> SqliteFileReads::GetDatasetVersion(std::string_view name) {
  ReadSession session(pool_);
  XP_RETURN_IF_ERROR(session.status());
  XP_ASSIGN_OR_RETURN(const StoredDataset ref, FindDataset(session.db(), "name", name));
  return Load(session.db(), ref);
}

absl::StatusOr<v1::ListDatasetVersionsResponse> SqliteFileReads::ListDatasetVersions(
    const v1::ListDatasetVersionsRequest& request) {
  core::RequestFingerprint fingerprint("ListDatasetVersions");
  fingerprint.Add("dataset", request.dataset());
  XP_ASSIGN_OR_RETURN(const int page_size, core::CheckPageSize(request.page_size()));
  XP_ASSIGN_OR_RETURN(const std::string after,
                      core::ReadPageToken(request.page_token(), fingerprint));
  ReadSession session(pool_);
  XP_RETURN_IF_ERROR(session.status());
  Database& db = session.db();
  if (!request.dataset().empty()) {
    XP_RETURN_IF_ERROR(FindDataset(db, "dataset", request.dataset()).status());
  }
  v1::ListDatasetVersionsResponse response;
  PageBudget page(page_size);
  // Of one dataset all versions; else of each its newest. `after` is the last key shown.
  Query query(
      db,
      "SELECT " XP_DATASET_COLUMNS
      "WHERE CASE WHEN ?1 <> '' THEN d.folded_name = ?1 AND printf('%010d', v.version) > ?2 "
      "ELSE d.folded_name > ?2 AND v.version = (SELECT max(version) FROM dataset_versions "
      "WHERE dataset_id = d.id) END ORDER BY d.folded_name, v.version LIMIT ?3",
      FoldName(request.dataset()), after, page_size + 1);
  std::string key;
  while (query.Next()) {
    v1::DatasetVersion version = ReadRow(query);
    if (!page.Take(version)) {
      response.set_next_page_token(core::MakePageToken(key, fingerprint));
      break;
    }
    *response.add_dataset_versions() = std::move(version);
    key = request.dataset().empty() ? query.Text(7)
                                    : absl::StrCat(absl::Dec(query.Int(1), absl::kZeroPad10));
  }
  XP_RETURN_IF_ERROR(query.status());
  return response;
}

}  // namespace xp::store
