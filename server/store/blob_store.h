// Content-addressed files: written aside, fsynced, renamed, the folder fsynced, then the row. A row
// therefore always has its file; a file without row is collected. Names are 64 lower-case hex
// digits; anything else is INVALID_ARGUMENT.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "xp/v1/blobs.pb.h"

namespace xp::store {

// One blob on its way in. Not thread safe; belongs to one stream. Dropped unfinished, what was
// written stays as a partial upload, on which another goes on. The store outlives it.
class BlobUpload {
 public:
  virtual ~BlobUpload() = default;

  // OUT_OF_RANGE: more bytes than announced. RESOURCE_EXHAUSTED: below the reserve, or the disk is
  // full. UNAVAILABLE: I/O.
  virtual absl::Status Append(std::string_view bytes) = 0;

  // Checks size and SHA-256, makes it durable and pins it. DATA_LOSS: other content than announced;
  // what was held of it is dropped. FAILED_PRECONDITION: bytes are missing (it stays partial).
  virtual absl::Status Finish() = 0;
};

// An open blob. Not thread safe. Stays readable while it is open, also when it is collected.
class BlobReader {
 public:
  virtual ~BlobReader() = default;
  virtual uint64_t size() const = 0;
  // Up to `max_bytes` from `offset`; empty at the end. OUT_OF_RANGE beyond it.
  virtual absl::StatusOr<std::string> Read(uint64_t offset, size_t max_bytes) = 0;
};

class Blobs {
 public:
  virtual ~Blobs() = default;

  // Pins those that are here, durable when answered.
  virtual absl::StatusOr<v1::FindMissingBlobsResponse> FindMissing(
      const v1::FindMissingBlobsRequest& request) = 0;

  // Begins or goes on. A blob that is here already may be sent again: it is checked and dropped.
  // FAILED_PRECONDITION: `offset` is not what is held (the message says what is).
  // ABORTED: another upload of the same blob is under way; ask FindMissing, go on or wait.
  // RESOURCE_EXHAUSTED: below the reserve. INVALID_ARGUMENT.
  virtual absl::StatusOr<std::unique_ptr<BlobUpload>> Upload(
      const v1::UploadBlobsRequest::Header& header) = 0;

  // NOT_FOUND.
  virtual absl::StatusOr<std::unique_ptr<BlobReader>> Open(std::string_view sha256) = 0;
};

}  // namespace xp::store
