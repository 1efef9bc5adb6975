#include "worker/daemon/artifacts.h"

#include <absl/strings/str_cat.h>
#include <unistd.h>

#include <utility>
#include <vector>

#include "client/cpp/blob_upload.h"
#include "client/cpp/file_manifest.h"
#include "proto/status.h"

namespace xp::daemon {
namespace {

constexpr int kArtifactsPerCall = 1000;  // artifacts.proto

struct Found {
  std::vector<v1::Artifact> artifacts;
  std::vector<client::BlobSource> blobs;
  std::string problem;
};

void AddProblem(const absl::Status& status, Found* found) {
  absl::StrAppend(&found->problem, found->problem.empty() ? "" : "; ",
                  std::string(status.message()));
}

void Find(const std::string& folder, const std::string& kind, Found* found) {
  if (access(folder.c_str(), F_OK) != 0) return;
  auto tree = client::WalkTree(folder, {.on_trouble = client::OnTrouble::kLeaveOut});
  if (!tree.ok()) return AddProblem(tree.status(), found);
  for (const absl::Status& trouble : tree->troubles) AddProblem(trouble, found);
  for (const std::string& left_out : tree->left_out) {
    AddProblem(absl::UnknownError(absl::StrCat(kind, "/", left_out, " is no regular file")), found);
  }
  for (const client::TreeFile& file : tree->files) {
    auto blob = client::BlobOfFile(file.full_path);
    if (!blob.ok()) {
      AddProblem(blob.status(), found);
      continue;
    }
    v1::Artifact artifact;
    artifact.set_path(absl::StrCat(kind, "/", file.path));
    artifact.set_sha256(blob->sha256);
    artifact.set_size(blob->size);
    artifact.set_executable(file.executable);
    found->artifacts.push_back(std::move(artifact));
    found->blobs.push_back(*std::move(blob));
  }
}

}  // namespace

absl::StatusOr<std::string> UploadArtifacts(client::Client& client, const v1::AttemptId& attempt,
                                            const AttemptPaths& paths,
                                            const std::function<bool()>& cancelled) {
  Found found;
  Find(paths.Model(), "model", &found);
  Find(paths.Output(), "output", &found);
  Find(paths.Environment(), "environment", &found);
  if (!found.blobs.empty()) {
    auto uploaded = client::UploadBlobs(client, found.blobs, {.cancelled = cancelled});
    if (!uploaded.ok()) return uploaded.status();
  }
  for (size_t begin = 0; begin < found.artifacts.size(); begin += kArtifactsPerCall) {
    v1::CreateArtifactsRequest request;
    request.set_trial_uid(attempt.trial_uid());
    request.set_attempt(attempt.number());
    for (size_t i = begin; i < found.artifacts.size() && i < begin + kArtifactsPerCall; ++i) {
      *request.add_artifacts() = found.artifacts[i];
    }
    auto created = client.Call(&v1::Artifacts::Stub::CreateArtifacts, request);
    if (!created.ok()) return created.status();
  }
  return found.problem;
}

}  // namespace xp::daemon
