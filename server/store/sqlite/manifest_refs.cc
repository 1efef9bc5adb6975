#include "server/store/sqlite/manifest_refs.h"

#include <absl/strings/match.h>

#include <vector>

#include "proto/resource_name.h"
#include "proto/status.h"
#include "proto/validate.h"
#include "server/store/sqlite/nearest_name.h"

namespace xp::store {
namespace {

constexpr uint64_t kManifestMaxBytes = 256ull << 20;  // about 2 million files

std::string Element(std::string_view field, int index) {
  return absl::StrCat(ToAbsl(field), ".files[", index, "]");
}

// The manifest's row and the blobs that it lists; its own blob is `id`.
absl::Status StoreManifest(WriteSession& session, std::string_view field, std::string_view sha256,
                           int64_t id) {
  XP_ASSIGN_OR_RETURN(const std::string bytes,
                      session.blobs().ReadWhole(sha256, kManifestMaxBytes));
  v1::FileManifest manifest;
  if (!manifest.ParseFromString(bytes)) {
    return absl::InvalidArgumentError(
        absl::StrCat(ToAbsl(field), ": blob ", ToAbsl(sha256), " is no FileManifest"));
  }
  XP_RETURN_IF_ERROR(CheckManifest(field, manifest));
  Database& db = session.db();
  uint64_t total = 0;
  for (const v1::ManifestFile& file : manifest.files()) total += file.size();
  XP_RETURN_IF_ERROR(
      db.Run("INSERT INTO manifests (blob_id, file_count, total_bytes) VALUES (?, ?, ?)", id,
             manifest.files_size(), total));
  for (int i = 0; i < manifest.files_size(); ++i) {
    const v1::ManifestFile& file = manifest.files(i);
    XP_ASSIGN_OR_RETURN(const BlobRow blob,
                        FindBlob(db, Element(field, i) + ".sha256", file.sha256()));
    XP_RETURN_IF_ERROR(CheckSize(Element(field, i), file.path(), file.size(), blob));
    XP_RETURN_IF_ERROR(db.Run(
        "INSERT OR IGNORE INTO manifest_blobs (manifest_id, blob_id) VALUES (?, ?)", id, blob.id));
  }
  return absl::OkStatus();
}

absl::Status NoSuchDataset(Database& db, std::string_view field, std::string_view name) {
  std::vector<std::string> names;
  Query query(db,
              "SELECT name FROM datasets d WHERE EXISTS "
              "(SELECT 1 FROM dataset_versions v WHERE v.dataset_id = d.id) ORDER BY name");
  while (query.Next()) names.push_back(query.Text(0));
  XP_RETURN_IF_ERROR(query.status());
  return absl::NotFoundError(absl::StrCat(ToAbsl(field), ": no dataset ", ToAbsl(name),
                                          DescribeNearest(name, names, "xpctl data ls")));
}

}  // namespace

absl::Status CheckManifest(std::string_view field, const v1::FileManifest& manifest) {
  std::vector<std::string_view> within;  // paths with which the present one begins, shortest first
  for (int i = 0; i < manifest.files_size(); ++i) {
    const v1::ManifestFile& file = manifest.files(i);
    XP_RETURN_IF_ERROR(CheckRelativePath(Element(field, i) + ".path", file.path()));
    XP_RETURN_IF_ERROR(CheckSha256(Element(field, i) + ".sha256", file.sha256()));
    if (i > 0 && manifest.files(i - 1).path() >= file.path()) {
      return absl::InvalidArgumentError(absl::StrCat(
          Element(field, i), ".path: '", file.path(),
          "' does not come after the path before it; paths stand in byte order, each once"));
    }
    // In byte order all that begins with a path follows it at once, so `within` is complete.
    while (!within.empty() && !absl::StartsWith(file.path(), ToAbsl(within.back()))) {
      within.pop_back();
    }
    for (const std::string_view file_above : within) {
      if (file.path()[file_above.size()] != '/') continue;
      return absl::InvalidArgumentError(absl::StrCat(Element(field, i), ".path: '", file.path(),
                                                     "' lies in '", ToAbsl(file_above),
                                                     "', which is a file; it is one or the other"));
    }
    within.push_back(file.path());
  }
  return absl::OkStatus();
}

absl::Status CheckSize(std::string_view field, std::string_view path, uint64_t size,
                       const BlobRow& blob) {
  if (size == blob.size) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(ToAbsl(field), ".size: '", ToAbsl(path),
                                                 "' is said to have ", size,
                                                 " bytes; the blob of its sha256 has ", blob.size));
}

absl::StatusOr<int64_t> RequireBlob(Database& db, std::string_view field, std::string_view sha256) {
  XP_ASSIGN_OR_RETURN(const BlobRow blob, FindBlob(db, field, sha256));
  return blob.id;
}

absl::StatusOr<BlobRow> FindBlob(Database& db, std::string_view field, std::string_view sha256) {
  XP_RETURN_IF_ERROR(CheckSha256(field, sha256));
  Query query(db, "SELECT id, size FROM blobs WHERE sha256 = ?", sha256);
  if (query.Next()) return BlobRow{query.Int(0), query.Uint(1)};
  XP_RETURN_IF_ERROR(query.status());
  return absl::FailedPreconditionError(absl::StrCat(
      ToAbsl(field), ": blob ", ToAbsl(sha256), " is not here; upload it, then repeat the call"));
}

absl::StatusOr<int64_t> RequireManifest(WriteSession& session, std::string_view field,
                                        std::string_view sha256) {
  XP_ASSIGN_OR_RETURN(const int64_t id, RequireBlob(session.db(), field, sha256));
  {
    Query query(session.db(), "SELECT 1 FROM manifests WHERE blob_id = ?", id);
    if (query.Next()) return id;
    XP_RETURN_IF_ERROR(query.status());
  }
  XP_RETURN_IF_ERROR(StoreManifest(session, field, sha256, id));
  return id;
}

absl::StatusOr<StoredDataset> FindDataset(Database& db, std::string_view field,
                                          std::string_view text) {
  XP_ASSIGN_OR_RETURN(const DatasetRef ref, ParseDatasetRef(field, text));
  Query query(db,
              "SELECT d.name, v.version, b.sha256, b.id FROM datasets d "
              "JOIN dataset_versions v ON v.dataset_id = d.id JOIN blobs b ON b.id = v.manifest_id "
              "WHERE d.folded_name = ?1 AND (?2 = 0 OR v.version = ?2) "
              "ORDER BY v.version DESC LIMIT 1",
              FoldName(ref.name), ref.version);
  if (query.Next())
    return StoredDataset{query.Text(0), query.Int32(1), query.Text(2), query.Int(3)};
  XP_RETURN_IF_ERROR(query.status());
  if (ref.version != 0) {
    XP_ASSIGN_OR_RETURN(const StoredDataset newest, FindDataset(db, field, ref.name));
    return absl::NotFoundError(absl::StrCat(ToAbsl(field), ": dataset ", newest.name,
                                            " has no version ", ref.version, "; its newest is ",
                                            newest.version));
  }
  return NoSuchDataset(db, field, text);
}

absl::Status ResolveSpec(WriteSession& session, const std::string& field, v1::TrialSpec& spec) {
  for (int i = 0; i < spec.inputs_size(); ++i) {
    v1::InputChannel& input = *spec.mutable_inputs(i);
    const std::string path = absl::StrCat(field, ".inputs[", i, "]");
    input.clear_resolved_manifest_sha256();
    if (input.has_dataset()) {
      XP_ASSIGN_OR_RETURN(const StoredDataset dataset,
                          FindDataset(session.db(), path + ".dataset", input.dataset()));
      input.set_dataset(dataset.ToString());
      input.set_resolved_manifest_sha256(dataset.manifest_sha256);
    } else if (input.has_manifest_sha256()) {
      XP_RETURN_IF_ERROR(
          RequireManifest(session, path + ".manifest_sha256", input.manifest_sha256()).status());
      input.set_resolved_manifest_sha256(input.manifest_sha256());
    }
  }
  if (!spec.source_manifest_sha256().empty()) {
    XP_RETURN_IF_ERROR(
        RequireManifest(session, field + ".source_manifest_sha256", spec.source_manifest_sha256())
            .status());
  }
  if (!spec.source_git_diff_sha256().empty()) {
    XP_RETURN_IF_ERROR(
        RequireBlob(session.db(), field + ".source_git_diff_sha256", spec.source_git_diff_sha256())
            .status());
  }
  for (v1::MetricDefinition& definition : *spec.mutable_metric_definitions()) {
    definition.set_revision(1);
  }
  return absl::OkStatus();
}

absl::Status InsertTrialBlobs(WriteSession& session, int64_t trial_id, const v1::TrialSpec& spec) {
  std::vector<std::string> names = {spec.source_manifest_sha256(), spec.source_git_diff_sha256()};
  for (const v1::InputChannel& input : spec.inputs()) {
    names.push_back(input.resolved_manifest_sha256());
  }
  for (const std::string& sha256 : names) {
    if (sha256.empty()) continue;
    XP_RETURN_IF_ERROR(
        session.db().Run("INSERT OR IGNORE INTO trial_blobs (trial_id, blob_id) "
                         "SELECT ?, id FROM blobs WHERE sha256 = ?",
                         trial_id, sha256));
  }
  return absl::OkStatus();
}

}  // namespace xp::store
