// Brings blobs from the server, checked against their name, and folders under safe paths.
//
// Errors: NOT_FOUND; DATA_LOSS when the bytes are not what their name says (the part is removed);
// INVALID_ARGUMENT for a manifest that would write outside its folder; CANCELLED; the file
// system's. UNAVAILABLE is tried again while bytes get through. Threads: as the client's, one
// caller per destination.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <string>

#include "client/cpp/blob_upload.h"
#include "client/cpp/client.h"
#include "xp/v1/blobs.pb.h"

namespace xp::client {

// A blob of at most `max_bytes` into memory: manifests.
absl::StatusOr<std::string> DownloadBytes(Client& client, const std::string& sha256,
                                          uint64_t max_bytes = 256 * 1024 * 1024);

// Writes PATH.part, going on behind what an earlier call left there, checks the whole, syncs it and
// renames it to PATH. The folder of PATH must exist.
absl::Status DownloadFile(Client& client, const std::string& sha256, const std::string& path,
                          const TransferOptions& options = {});

absl::StatusOr<v1::FileManifest> DownloadManifest(Client& client, const std::string& sha256);

enum class ExistingFiles {
  kKeepEqual,  // a file with the right content stays, another is replaced
  kRefuse,     // ALREADY_EXISTS when a file is in the way
};

// The files of a manifest under `folder`, which is made if it is not there.
absl::Status DownloadFolder(Client& client, const v1::FileManifest& manifest,
                            const std::string& folder,
                            ExistingFiles existing = ExistingFiles::kKeepEqual,
                            const TransferOptions& options = {});

}  // namespace xp::client
