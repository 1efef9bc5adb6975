// Artifacts: blobs with paths, attached to attempts.
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <utility>

#include "proto/status.h"
#include "server/core/page_token.h"
#include "server/store/sqlite/attempt_row.h"
#include "server/store/sqlite/experiment_row.h"
#include "server/store/sqlite/file_writes.h"
#include "server/store/sqlite/manifest_refs.h"
#include "server/store/sqlite/page_budget.h"
#include "server/store/sqlite/trial_row.h"
#include "server/store/words.h"

namespace xp::store {
namespace {

constexpr int kArtifactsMax = 1000;  // a call
constexpr std::string_view kKinds[] = {"model/", "output/", "environment/"};

absl::Status CheckArtifact(const std::string& field, const v1::Artifact& artifact) {
  bool known = false;
  for (const std::string_view kind : kKinds) {
    known = known || absl::StartsWith(artifact.path(), ToAbsl(kind));
  }
  if (!known) {
    return absl::InvalidArgumentError(
        absl::StrCat(field, ".path: '", artifact.path(),
                     "' does not begin with model/, output/ or environment/"));
  }
  v1::FileManifest manifest;  // the same rules as for paths of folders
  v1::ManifestFile* file = manifest.add_files();
  file->set_path(artifact.path());
  file->set_sha256(artifact.sha256());
  return CheckManifest(field, manifest);
}

absl::Status Clash(std::string_view field, std::string_view file, std::string_view inside) {
  return absl::InvalidArgumentError(
      absl::StrCat(ToAbsl(field), ".path: '", ToAbsl(inside), "' lies in '", ToAbsl(file),
                   "', which is a file of the same attempt; it is one or the other"));
}

// A path is a file or a folder: none of the attempt's artifacts lies in `path`, nor `path` in one.
absl::Status CheckNoClash(Database& db, std::string_view field, int64_t attempt,
                          std::string_view path) {
  Query inside(db,
               "SELECT path FROM artifacts WHERE attempt_id = ?1 AND path > ?2 || '/' AND path < "
               "?2 || '0' ORDER BY path LIMIT 1",  // '0' is the byte after '/'
               attempt, path);
  if (inside.Next()) return Clash(field, path, inside.Text(0));
  XP_RETURN_IF_ERROR(inside.status());
  // The folders above it, longest first. One that is there begins also the greatest path up to a
  // longer one, so nearly always one look-up tells of all.
  std::string_view folder = path;
  for (size_t slash = folder.rfind('/'); slash != folder.npos;) {
    folder = folder.substr(0, slash);
    Query above(db,
                "SELECT path FROM artifacts WHERE attempt_id = ?1 AND path <= ?2 "
                "ORDER BY path DESC LIMIT 1",
                attempt, folder);
    if (!above.Next()) return above.status();
    const std::string_view nearest = above.View(0);
    if (nearest == folder) return Clash(field, folder, path);
    const auto differ =
        std::mismatch(folder.begin(), folder.end(), nearest.begin(), nearest.end()).first;
    slash = folder.rfind('/', differ - folder.begin());
  }
  return absl::OkStatus();
}

// What the trial's latest attempt that left anything has left.
absl::Status AddFolders(Database& db, int64_t trial, const std::string& name,
                        v1::ListArtifactFoldersResponse* response) {
  Query query(db,
              "SELECT a.number, substr(r.path, 1, instr(r.path, '/') - 1) AS folder, count(*), "
              "sum(b.size) FROM attempts a JOIN artifacts r ON r.attempt_id = a.id "
              "JOIN blobs b ON b.id = r.blob_id WHERE a.trial_id = ?1 AND a.number = (SELECT "
              "max(x.number) FROM attempts x WHERE x.trial_id = ?1 AND EXISTS (SELECT 1 FROM "
              "artifacts y WHERE y.attempt_id = x.id)) GROUP BY folder ORDER BY folder",
              trial);
  while (query.Next()) {
    v1::ArtifactFolder* folder = response->add_folders();
    folder->set_trial(name);
    folder->set_attempt(query.Int32(0));
    folder->set_path(query.Text(1));
    folder->set_files(query.Uint(2));
    folder->set_size(query.Uint(3));
  }
  return query.status();
}

}  // namespace

absl::Status SqliteFileWrites::CreateArtifacts(const v1::CreateArtifactsRequest& request) {
  Database& db = session_.db();
  if (request.artifacts_size() > kArtifactsMax) {
    return absl::InvalidArgumentError(absl::StrCat("artifacts: has ", request.artifacts_size(),
                                                   " elements; at most ", kArtifactsMax,
                                                   " a call"));
  }
  TrialRow trial;
  if (request.trial_uid().empty()) {
    XP_ASSIGN_OR_RETURN(trial, FindTrial(db, request.name()));
  } else {
    XP_ASSIGN_OR_RETURN(trial, FindTrialByUid(db, request.trial_uid()));
  }
  const int32_t number = request.attempt() == 0 ? trial.attempt : request.attempt();
  XP_ASSIGN_OR_RETURN(const AttemptRow attempt, FindAttempt(db, trial.id, number));
  if (number != trial.attempt) {
    return absl::FailedPreconditionError(
        absl::StrCat("attempt: ", number, " of ", trial.full_name(), " is older than the latest, ",
                     trial.attempt));
  }
  for (int i = 0; i < request.artifacts_size(); ++i) {
    const v1::Artifact& artifact = request.artifacts(i);
    const std::string field = absl::StrCat("artifacts[", i, "]");
    XP_RETURN_IF_ERROR(CheckArtifact(field, artifact));
    XP_ASSIGN_OR_RETURN(const BlobRow blob, FindBlob(db, field + ".sha256", artifact.sha256()));
    if (artifact.size() != 0) {
      XP_RETURN_IF_ERROR(CheckSize(field, artifact.path(), artifact.size(), blob));
    }
    XP_RETURN_IF_ERROR(CheckNoClash(db, field, attempt.id, artifact.path()));
    XP_RETURN_IF_ERROR(
        db.Run("INSERT INTO artifacts (attempt_id, path, blob_id, executable, create_time) "
               "VALUES (?, ?, ?, ?, ?) ON CONFLICT (attempt_id, path) DO UPDATE SET "
               "blob_id = excluded.blob_id, executable = excluded.executable, "
               "create_time = excluded.create_time WHERE blob_id <> excluded.blob_id",
               attempt.id, artifact.path(), blob.id, artifact.executable(), session_.now_ns()));
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::ListArtifactsResponse> SqliteFileReads::ListArtifacts(
    const v1::ListArtifactsRequest& request) {
  core::RequestFingerprint fingerprint("ListArtifacts");
  fingerprint.Add("name", request.name()).Add("attempt", request.attempt());
  XP_ASSIGN_OR_RETURN(const int page_size, core::CheckPageSize(request.page_size()));
  XP_ASSIGN_OR_RETURN(const std::string after,
                      core::ReadPageToken(request.page_token(), fingerprint));
  ReadSession session(pool_);
  XP_RETURN_IF_ERROR(session.status());
  Database& db = session.db();
  XP_ASSIGN_OR_RETURN(const TrialRow trial, FindTrial(db, request.name()));
  if (request.attempt() != 0) {
    XP_RETURN_IF_ERROR(FindAttempt(db, trial.id, request.attempt()).status());
  }
  v1::ListArtifactsResponse response;
  PageBudget page(page_size);
  Query query(db,
              "SELECT r.path, b.sha256, b.size, r.executable, a.number, r.create_time "
              "FROM attempts a JOIN artifacts r ON r.attempt_id = a.id "
              "JOIN blobs b ON b.id = r.blob_id WHERE a.trial_id = ?1 AND a.number = CASE WHEN ?2 "
              "<> 0 THEN ?2 ELSE (SELECT max(x.number) FROM attempts x WHERE x.trial_id = ?1 AND "
              "EXISTS (SELECT 1 FROM artifacts y WHERE y.attempt_id = x.id)) END AND r.path > ?3 "
              "ORDER BY r.path LIMIT ?4",
              trial.id, request.attempt(), after, page_size + 1);
  while (query.Next()) {
    v1::Artifact artifact;
    artifact.set_path(query.Text(0));
    artifact.set_sha256(query.Text(1));
    artifact.set_size(query.Uint(2));
    artifact.set_executable(query.Bool(3));
    artifact.set_attempt(query.Int32(4));
    *artifact.mutable_create_time() = ToTimestamp(query.Int(5));
    if (!page.Take(artifact)) {
      response.set_next_page_token(
          core::MakePageToken(response.artifacts().rbegin()->path(), fingerprint));
      break;
    }
    *response.add_artifacts() = std::move(artifact);
  }
  XP_RETURN_IF_ERROR(query.status());
  return response;
}

absl::StatusOr<v1::ListArtifactFoldersResponse> SqliteFileReads::ListArtifactFolders(
    const v1::ListArtifactFoldersRequest& request) {
  core::RequestFingerprint fingerprint("ListArtifactFolders");
  fingerprint.Add("experiment", request.experiment());
  XP_ASSIGN_OR_RETURN(const int page_size, core::CheckPageSize(request.page_size()));
  XP_ASSIGN_OR_RETURN(const std::string token,
                      core::ReadPageToken(request.page_token(), fingerprint));
  int64_t after = 0;  // the id of the last trial of the page before
  if (!token.empty() && !absl::SimpleAtoi(token, &after)) {
    return absl::InvalidArgumentError("page_token: is none of this server");
  }
  ReadSession session(pool_);
  XP_RETURN_IF_ERROR(session.status());
  Database& db = session.db();
  XP_ASSIGN_OR_RETURN(const ExperimentRow experiment, FindExperiment(db, request.experiment()));
  v1::ListArtifactFoldersResponse response;
  Query trials(db,
               "SELECT id, name FROM trials WHERE experiment_id = ?1 AND deleted = 0 AND id > ?2 "
               "ORDER BY id LIMIT ?3",
               experiment.id, after, page_size + 1);
  for (int taken = 0; trials.Next(); ++taken) {
    if (taken == page_size) {
      response.set_next_page_token(core::MakePageToken(absl::StrCat(after), fingerprint));
      break;
    }
    after = trials.Int(0);
    XP_RETURN_IF_ERROR(
        AddFolders(db, after, absl::StrCat(experiment.name, "/", trials.Text(1)), &response));
  }
  XP_RETURN_IF_ERROR(trials.status());
  return response;
}

}  // namespace xp::store
