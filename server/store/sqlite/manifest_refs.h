// References to blobs: a row says that a blob is here, and whatever refers to one checks that row
// in its own transaction. Manifests are read once, when something refers to them first; their paths
// and the blobs that they list are checked then.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "server/store/sqlite/write_session.h"
#include "xp/v1/blobs.pb.h"
#include "xp/v1/trials.pb.h"

namespace xp::store {

struct BlobRow {
  int64_t id = 0;
  uint64_t size = 0;  // bytes
};

// FAILED_PRECONDITION, beginning with `field`: the blob is not here; upload it and repeat.
// INVALID_ARGUMENT: no name of a blob. RequireBlob is FindBlob for those who want the id alone.
absl::StatusOr<BlobRow> FindBlob(Database& db, std::string_view field, std::string_view sha256);
absl::StatusOr<int64_t> RequireBlob(Database& db, std::string_view field, std::string_view sha256);

// INVALID_ARGUMENT, naming `path`: its blob has another size than `size`.
absl::Status CheckSize(std::string_view field, std::string_view path, uint64_t size,
                       const BlobRow& blob);

// The same for a FileManifest, all of whose blobs are here. INVALID_ARGUMENT: it is no manifest, or
// names a path that no folder should have (absolute, "..", twice).
absl::StatusOr<int64_t> RequireManifest(WriteSession& session, std::string_view field,
                                        std::string_view sha256);

// "NAME" or "NAME@VERSION". NOT_FOUND names the nearest.
struct StoredDataset {
  std::string name;
  int32_t version = 0;
  std::string manifest_sha256;
  int64_t manifest_id = 0;
  std::string ToString() const { return name + "@" + std::to_string(version); }
};
absl::StatusOr<StoredDataset> FindDataset(Database& db, std::string_view field,
                                          std::string_view text);

// Resolves the datasets of `spec` to their versions and manifests, in place, and checks every blob
// that it refers to. `field` is the path of the spec, e.g. "trials[2].spec".
absl::Status ResolveSpec(WriteSession& session, const std::string& field, v1::TrialSpec& spec);

// Stores the references of a resolved spec.
absl::Status InsertTrialBlobs(WriteSession& session, int64_t trial_id, const v1::TrialSpec& spec);

// INVALID_ARGUMENT: the paths of a manifest are not what blobs.proto says.
absl::Status CheckManifest(std::string_view field, const v1::FileManifest& manifest);

}  // namespace xp::store
