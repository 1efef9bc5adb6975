// An upload into a partial file, and a reader of a whole one. Files only: what is done when the
// bytes are whole is the caller's.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <functional>
#include <memory>
#include <string>

#include "server/store/blob_claims.h"
#include "server/store/blob_folder.h"
#include "server/store/blob_hash.h"
#include "server/store/blob_store.h"
#include "server/store/disk_space.h"

namespace xp::store {

// Where the bytes of an upload go.
enum class UploadTarget {
  kPartialFile,
  kNowhere,  // the blob is here already: its bytes are checked and dropped
};

struct UploadParts {
  BlobFolder* folder;
  DiskSpace* disk;
  uint64_t reserve_bytes;
  std::unique_ptr<BlobClaims::Claim> claim;
  // Makes the row, when the file is in its place.
  std::function<absl::Status(const std::string& sha256, uint64_t size)> publish;
};

// Opens (or goes on with) the partial file; codes as Blobs::Upload.
absl::StatusOr<std::unique_ptr<BlobUpload>> OpenUpload(const v1::UploadBlobsRequest::Header& header,
                                                       UploadTarget target, UploadParts parts);

// NOT_FOUND; UNAVAILABLE.
absl::StatusOr<std::unique_ptr<BlobReader>> OpenBlobFile(const std::string& path);

}  // namespace xp::store
