// Brings blobs to the server: asks what is missing, sends only that, and goes on where a cut upload
// stood. When it returns OK every blob is durable on the server and pinned for 24 h.
//
// Errors: FAILED_PRECONDITION when a file is not what was hashed any more (it changed meanwhile),
// RESOURCE_EXHAUSTED when the server's disk is full, CANCELLED, else the call's. UNAVAILABLE is
// tried again while bytes get through. Threads: as the client's.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "client/cpp/client.h"
#include "client/cpp/file_manifest.h"

namespace xp::client {

struct TransferProgress {
  uint64_t done_bytes = 0;   // sent or received so far, what was there already not counted
  uint64_t total_bytes = 0;  // to be sent or received
};

struct TransferOptions {
  std::function<void(const TransferProgress&)> progress;  // called at most once per chunk
  std::function<bool()> cancelled;                        // asked before each chunk; empty: never
};

struct UploadResult {
  size_t blobs_sent = 0;
  size_t blobs_there = 0;  // were on the server already
  uint64_t bytes_sent = 0;
};

absl::StatusOr<UploadResult> UploadBlobs(Client& client, const std::vector<BlobSource>& blobs,
                                         const TransferOptions& options = {});

}  // namespace xp::client
