// FileWrites and FileReads over SQLite.
#pragma once

#include "server/store/file_store.h"
#include "server/store/sqlite/reader_pool.h"
#include "server/store/sqlite/write_session.h"

namespace xp::store {

class SqliteFileWrites final : public FileWrites {
 public:
  explicit SqliteFileWrites(WriteSession* session) : session_(*session) {}

  absl::StatusOr<v1::DatasetVersion> CreateDatasetVersion(
      const v1::CreateDatasetVersionRequest& request) override;
  absl::Status DeleteDatasetVersion(std::string_view name) override;
  absl::Status CreateArtifacts(const v1::CreateArtifactsRequest& request) override;

 private:
  WriteSession& session_;
};

class SqliteFileReads final : public FileReads {
 public:
  explicit SqliteFileReads(ReaderPool* pool) : pool_(*pool) {}

  absl::StatusOr<v1::DatasetVersion> GetDatasetVersion(std::string_view name) override;
  absl::StatusOr<v1::ListDatasetVersionsResponse> ListDatasetVersions(
      const v1::ListDatasetVersionsRequest& request) override;
  absl::StatusOr<v1::ListArtifactsResponse> ListArtifacts(
      const v1::ListArtifactsRequest& request) override;
  absl::StatusOr<v1::ListArtifactFoldersResponse> ListArtifactFolders(
      const v1::ListArtifactFoldersRequest& request) override;

 private:
  ReaderPool& pool_;
};

}  // namespace xp::store
