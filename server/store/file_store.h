// Datasets and artifacts: names for blobs. Manifests are read and their paths and blobs checked
// when something refers to them. Codes as in datasets.proto and artifacts.proto.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <string>
#include <string_view>

#include "xp/v1/artifacts.pb.h"
#include "xp/v1/datasets.pb.h"

namespace xp::store {

// Inside a change (write_context.h).
class FileWrites {
 public:
  virtual ~FileWrites() = default;

  virtual absl::StatusOr<v1::DatasetVersion> CreateDatasetVersion(
      const v1::CreateDatasetVersionRequest& request) = 0;
  // `name` is "NAME@VERSION".
  virtual absl::Status DeleteDatasetVersion(std::string_view name) = 0;

  virtual absl::Status CreateArtifacts(const v1::CreateArtifactsRequest& request) = 0;
};

class FileReads {
 public:
  virtual ~FileReads() = default;

  virtual absl::StatusOr<v1::DatasetVersion> GetDatasetVersion(std::string_view name) = 0;
  virtual absl::StatusOr<v1::ListDatasetVersionsResponse> ListDatasetVersions(
      const v1::ListDatasetVersionsRequest& request) = 0;
  virtual absl::StatusOr<v1::ListArtifactsResponse> ListArtifacts(
      const v1::ListArtifactsRequest& request) = 0;
  virtual absl::StatusOr<v1::ListArtifactFoldersResponse> ListArtifactFolders(
      const v1::ListArtifactFoldersRequest& request) = 0;
};

}  // namespace xp::store
