// The files of the blobs: blobs/ab/abcd..., and blobs/partial/abcd... for uploads that have not
// ended. Only files; which of them count is said by rows (blob_store.h). Functions on paths; safe
// from any thread. Errors: UNAVAILABLE (I/O), RESOURCE_EXHAUSTED (full), NOT_FOUND.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "server/store/blob_claims.h"

namespace xp::store {

// What errno means, with what was being done.
absl::Status FileError(int error, std::string_view doing, std::string_view path);

class BlobFolder {
 public:
  explicit BlobFolder(std::string path) : path_(std::move(path)) {}

  // Makes the folders.
  absl::Status Prepare();

  std::string FilePath(std::string_view sha256) const;
  std::string PartialPath(std::string_view sha256) const;

  // Bytes held of an upload that was cut; 0: none.
  uint64_t PartialSize(std::string_view sha256) const;

  // Renames a whole, fsynced partial file to its place and makes the rename durable.
  absl::Status Publish(std::string_view sha256);

  absl::StatusOr<std::string> ReadWhole(std::string_view sha256, uint64_t max_bytes) const;

  // OK when it is not there.
  absl::Status Remove(std::string_view sha256);
  absl::Status RemovePartial(std::string_view sha256);
  // Partial files that were last written before `before` and that nobody claims.
  absl::Status RemoveStalePartials(absl::Time before, BlobClaims& claims);

 private:
  std::string FolderOf(std::string_view sha256) const;

  const std::string path_;
};

}  // namespace xp::store
