// Serves a MethodTable over gRPC: one grpc::Service per service of the API, made of the table's
// functions instead of a generated class with a hand-written override per method.
//
// It registers handlers by the same means as the generated code does (grpc::internal method
// handlers), on raw bytes; health, reflection and limits work as with generated services.
#pragma once

#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/sync_stream.h>

#include <functional>
#include <list>
#include <string>
#include <string_view>
#include <utility>

#include "server/rpc/call_log.h"
#include "server/rpc/method_table.h"
#include "xp/v1/blobs.pb.h"
#include "xp/v1/workers.pb.h"

namespace xp::rpc {

// A call over gRPC.
class GrpcCallContext final : public CallContext {
 public:
  // `context` must outlive this object.
  explicit GrpcCallContext(grpc::ServerContext& context)
      : context_(context), peer_(context.peer()) {}
  bool IsCancelled() const override { return context_.IsCancelled(); }
  std::string_view peer() const override { return peer_; }

 private:
  grpc::ServerContext& context_;
  const std::string peer_;
};

using UploadBlobsStream = grpc::ServerReader<v1::UploadBlobsRequest>;
using WorkStream = grpc::ServerReaderWriter<v1::ServerMessage, v1::WorkerMessage>;

// The two streams from clients, which are not in the table.
struct ClientStreams {
  std::function<absl::Status(grpc::ServerContext&, UploadBlobsStream&, v1::UploadBlobsResponse*)>
      upload_blobs;
  std::function<absl::Status(grpc::ServerContext&, WorkStream&)> work;
};

class GrpcService final : public grpc::Service {
 public:
  // Serves the methods of `service` ("xp.v1.Trials") that are in `table`, and of `streams` those
  // that are set and belong to it. Everything given must outlive the grpc::Server.
  GrpcService(std::string_view service, const MethodTable& table, const ClientStreams& streams,
              CallLog& call_log);

 private:
  const char* Keep(std::string path);
  void AddUnary(const std::string& path, const UnaryMethod& method);
  void AddServerStream(const std::string& path, const ServerStreamMethod& method);
  void AddUploadBlobs(const ClientStreams& streams);
  void AddWork(const ClientStreams& streams);

  CallLog& call_log_;
  std::list<std::string> paths_;  // grpc keeps pointers to the names
};

// The services of the API, in the order of their files: "xp.v1.Admin", ...
const std::list<std::string>& ServiceNames();

}  // namespace xp::rpc
