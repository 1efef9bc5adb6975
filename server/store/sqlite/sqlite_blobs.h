// Blobs: files in a BlobFolder, rows in SQLite.
#pragma once

#include "server/store/blob_claims.h"
#include "server/store/blob_folder.h"
#include "server/store/blob_store.h"
#include "server/store/disk_space.h"
#include "server/store/sqlite/reader_pool.h"
#include "server/store/store.h"

namespace xp::store {

class SqliteBlobs final : public Blobs {
 public:
  // All outlive this object.
  struct Parts {
    Store* store;  // for its own changes
    ReaderPool* pool;
    BlobFolder* folder;
    BlobClaims* claims;
    DiskSpace* disk;
    const StoreOptions* options;
  };
  explicit SqliteBlobs(Parts parts) : parts_(parts) {}

  absl::StatusOr<v1::FindMissingBlobsResponse> FindMissing(
      const v1::FindMissingBlobsRequest& request) override;
  absl::StatusOr<std::unique_ptr<BlobUpload>> Upload(
      const v1::UploadBlobsRequest::Header& header) override;
  absl::StatusOr<std::unique_ptr<BlobReader>> Open(std::string_view sha256) override;

 private:
  const Parts parts_;
};

// Inside a change: the blob's row, pinned; made where it is not there.
absl::Status PinBlob(WriteContext& context, std::string_view sha256, uint64_t size,
                     absl::Duration pin);

}  // namespace xp::store
