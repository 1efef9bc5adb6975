#include "server/rpc/client_streams.h"

#include "server/rpc/upload_blobs.h"
#include "server/rpc/work_stream.h"

namespace xp::rpc {

ClientStreams MakeClientStreams(const ServerParts& parts, size_t outbox_max) {
  ClientStreams streams;
  streams.upload_blobs = [&parts](grpc::ServerContext&, UploadBlobsStream& stream,
                                  v1::UploadBlobsResponse* response) {
    return ReceiveBlobs(
        parts.store, [&](v1::UploadBlobsRequest* request) { return stream.Read(request); },
        response);
  };
  streams.work = [&parts, outbox_max](grpc::ServerContext& context, WorkStream& stream) {
    return ServeWork(parts.fleet, outbox_max, context, stream);
  };
  return streams;
}

}  // namespace xp::rpc
