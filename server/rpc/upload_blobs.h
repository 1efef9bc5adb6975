// UploadBlobs: any number of blobs, one after the other on one stream from the client. Apart from
// the table because only gRPC has such streams.
#pragma once

#include <absl/status/status.h>

#include <functional>

#include "server/store/store.h"
#include "xp/v1/blobs.pb.h"

namespace xp::rpc {

// `read` gives the next message, false at the end of the stream. A stream that breaks leaves its
// last blob as a partial upload, on which the client goes on. Codes as in blobs.proto.
absl::Status ReceiveBlobs(store::Store& store,
                          const std::function<bool(v1::UploadBlobsRequest*)>& read,
                          v1::UploadBlobsResponse* response);

}  // namespace xp::rpc
