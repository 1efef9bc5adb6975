// Datasets and artifacts: names for blobs.
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include "proto/limits.h"
#include "proto/resource_name.h"
#include "proto/status.h"
#include "server/rpc/answer.h"
#include "server/rpc/services.h"
#include "server/store/file_store.h"

namespace xp::rpc {
namespace {

using store::WriteContext;

constexpr int kArtifactsMax = 1000;

absl::Status CreateVersion(const ServerParts& parts, const v1::CreateDatasetVersionRequest& request,
                           v1::DatasetVersion* response) {
  const v1::DatasetVersion& version = request.dataset_version();
  XP_RETURN_IF_ERROR(CheckName("dataset_version.dataset", version.dataset()));
  XP_RETURN_IF_ERROR(CheckSha256("dataset_version.manifest_sha256", version.manifest_sha256()));
  XP_RETURN_IF_ERROR(CheckText("dataset_version.description", version.description(),
                               limits::kDescriptionMaxLength));
  return Answer(parts.store.Apply<v1::DatasetVersion>([&](WriteContext& context) {
    return context.files().CreateDatasetVersion(request);
  }),
                response);
}

absl::Status DeleteVersion(const ServerParts& parts,
                           const v1::DeleteDatasetVersionRequest& request) {
  XP_ASSIGN_OR_RETURN(const DatasetRef ref, ParseDatasetRef("name", request.name()));
  if (ref.version == 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "name: '", request.name(), "' has no version; write NAME@VERSION to delete one"));
  }
  return parts.store.Apply(
      [&](WriteContext& context) { return context.files().DeleteDatasetVersion(request.name()); });
}

absl::Status CheckArtifact(const std::string& field, const v1::Artifact& artifact) {
  XP_RETURN_IF_ERROR(CheckRelativePath(field + ".path", artifact.path()));
  XP_RETURN_IF_ERROR(CheckSha256(field + ".sha256", artifact.sha256()));
  for (const char* folder : {"model/", "output/", "environment/"}) {
    if (absl::StartsWith(artifact.path(), folder)) return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat(field, ".path: '", artifact.path().substr(0, 200),
                   "' begins with none of model/, output/ and environment/"));
}

absl::Status CreateArtifacts(const ServerParts& parts, const v1::CreateArtifactsRequest& request) {
  if (request.trial_uid().empty() == request.name().empty()) {
    return absl::InvalidArgumentError("name: set either name or trial_uid");
  }
  if (!request.name().empty()) {
    XP_RETURN_IF_ERROR(TrialName::Parse("name", request.name()).status());
  }
  if (request.artifacts_size() > kArtifactsMax) {
    return absl::InvalidArgumentError(absl::StrCat("artifacts: ", request.artifacts_size(),
                                                   " files; at most ", kArtifactsMax,
                                                   " are accepted in one call; send several"));
  }
  for (int i = 0; i < request.artifacts_size(); ++i) {
    XP_RETURN_IF_ERROR(CheckArtifact(absl::StrCat("artifacts[", i, "]"), request.artifacts(i)));
  }
  return parts.store.Apply(
      [&](WriteContext& context) { return context.files().CreateArtifacts(request); });
}

}  // namespace

void AddDatasets(MethodTable* table, const ServerParts& parts) {
  table->AddUnary<v1::CreateDatasetVersionRequest, v1::DatasetVersion>(
      "/xp.v1.Datasets/CreateDatasetVersion",
      [&parts](CallContext&, const auto& request, auto* response) {
        return CreateVersion(parts, request, response);
      });
  table->AddUnary<v1::GetDatasetVersionRequest, v1::DatasetVersion>(
      "/xp.v1.Datasets/GetDatasetVersion",
      [&parts](CallContext&, const auto& request, auto* response) -> absl::Status {
        XP_RETURN_IF_ERROR(ParseDatasetRef("name", request.name()).status());
        return Answer(parts.store.files().GetDatasetVersion(request.name()), response);
      });
  table->AddUnary<v1::ListDatasetVersionsRequest, v1::ListDatasetVersionsResponse>(
      "/xp.v1.Datasets/ListDatasetVersions",
      [&parts](CallContext&, const auto& request, auto* response) {
        return Answer(parts.store.files().ListDatasetVersions(request), response);
      });
  table->AddUnary<v1::DeleteDatasetVersionRequest, v1::DeleteDatasetVersionResponse>(
      "/xp.v1.Datasets/DeleteDatasetVersion",
      [&parts](CallContext&, const auto& request, auto*) { return DeleteVersion(parts, request); });
}

void AddArtifacts(MethodTable* table, const ServerParts& parts) {
  table->AddUnary<v1::CreateArtifactsRequest, v1::CreateArtifactsResponse>(
      "/xp.v1.Artifacts/CreateArtifacts", [&parts](CallContext&, const auto& request, auto*) {
        return CreateArtifacts(parts, request);
      });
  table->AddUnary<v1::ListArtifactsRequest, v1::ListArtifactsResponse>(
      "/xp.v1.Artifacts/ListArtifacts",
      [&parts](CallContext&, const auto& request, auto* response) -> absl::Status {
        XP_RETURN_IF_ERROR(TrialName::Parse("name", request.name()).status());
        return Answer(parts.store.files().ListArtifacts(request), response);
      });
  table->AddUnary<v1::ListArtifactFoldersRequest, v1::ListArtifactFoldersResponse>(
      "/xp.v1.Artifacts/ListArtifactFolders",
      [&parts](CallContext&, const auto& request, auto* response) -> absl::Status {
        XP_RETURN_IF_ERROR(CheckName("experiment", request.experiment()));
        return Answer(parts.store.files().ListArtifactFolders(request), response);
      });
}

}  // namespace xp::rpc
