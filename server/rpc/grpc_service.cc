#include "server/rpc/grpc_service.h"

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/method_handler.h>
#include <grpcpp/support/proto_buffer_reader.h>
#include <grpcpp/support/proto_buffer_writer.h>

#include <exception>
#include <memory>

#include "proto/limits.h"
#include "proto/status.h"
#include "proto/validate.h"

namespace xp::rpc {
namespace {

using google::protobuf::Message;

constexpr std::string_view kUploadBlobsPath = "/xp.v1.Blobs/UploadBlobs";
constexpr std::string_view kWorkPath = "/xp.v1.Workers/Work";

absl::Status Decode(const grpc::ByteBuffer& bytes, Message* message) {
  XP_RETURN_IF_ERROR(CheckMessageSize(bytes.Length()));
  // ProtoBufferReader reads through a non-const pointer but does not change the buffer.
  grpc::ProtoBufferReader reader(const_cast<grpc::ByteBuffer*>(&bytes));
  if (reader.status().ok() && message->ParseFromZeroCopyStream(&reader)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the request is no ", message->GetDescriptor()->full_name(),
                   ", or holds text that is no UTF-8; is the client of another "
                   "version?"));
}

absl::Status Encode(const Message& message, grpc::ByteBuffer* bytes) {
  const size_t size = message.ByteSizeLong();
  if (size > limits::kMessageMaxBytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the answer has ", size, " bytes, more than the ", limits::kMessageMaxBytes,
                     " of a message; ask for a smaller page"));
  }
  bool own_buffer = false;
  return FromGrpcStatus(
      grpc::GenericSerialize<grpc::ProtoBufferWriter, Message>(message, bytes, &own_buffer));
}

grpc::Status RunUnary(const UnaryMethod& method, grpc::ServerContext& server_context,
                      const grpc::ByteBuffer& request_bytes, grpc::ByteBuffer* response_bytes) {
  const std::unique_ptr<Message> request(method.request_prototype->New());
  absl::Status status = Decode(request_bytes, request.get());
  if (!status.ok()) return ToGrpcStatus(status);
  const std::unique_ptr<Message> response(method.response_prototype->New());
  GrpcCallContext context(server_context);
  status = method.call(context, *request, response.get());
  if (status.ok()) status = Encode(*response, response_bytes);
  return ToGrpcStatus(status);
}

grpc::Status RunServerStream(const ServerStreamMethod& method, grpc::ServerContext& server_context,
                             const grpc::ByteBuffer& request_bytes,
                             grpc::ServerWriter<grpc::ByteBuffer>& writer) {
  const std::unique_ptr<Message> request(method.request_prototype->New());
  absl::Status status = Decode(request_bytes, request.get());
  if (!status.ok()) return ToGrpcStatus(status);
  GrpcCallContext context(server_context);
  absl::Status encoded;
  const SendMessage send = [&](const Message& message) {
    grpc::ByteBuffer bytes;
    encoded = Encode(message, &bytes);
    return encoded.ok() && writer.Write(bytes);
  };
  status = method.call(context, *request, send);
  return ToGrpcStatus(encoded.ok() ? status : encoded);
}

// Runs a stream from a client, logs its end and keeps exceptions inside.
template <typename Call>
grpc::Status RunClientStream(CallLog& log, std::string_view path, grpc::ServerContext& context,
                             Call&& call) {
  const absl::Duration start = log.clock().Monotonic();
  const std::string peer = context.peer();  // no longer known once the stream is broken
  absl::Status status;
  try {
    status = call();
  } catch (const std::exception& error) {
    status = absl::InternalError(
        absl::StrCat("the server failed on this call (a bug; please report it): ", error.what()));
  }
  log.Note(path, peer, log.clock().Monotonic() - start, status);
  return ToGrpcStatus(status);
}

}  // namespace

GrpcService::GrpcService(std::string_view service, const MethodTable& table,
                         const ClientStreams& streams, CallLog& call_log)
    : call_log_(call_log) {
  const std::string prefix = "/" + std::string(service) + "/";
  for (const auto& [path, method] : table.unary()) {
    if (path.rfind(prefix, 0) == 0) AddUnary(path, method);
  }
  for (const auto& [path, method] : table.streams()) {
    if (path.rfind(prefix, 0) == 0) AddServerStream(path, method);
  }
  if (streams.upload_blobs && kUploadBlobsPath.rfind(prefix, 0) == 0) AddUploadBlobs(streams);
  if (streams.work && kWorkPath.rfind(prefix, 0) == 0) AddWork(streams);
}

const char* GrpcService::Keep(std::string path) {
  paths_.push_back(std::move(path));
  return paths_.back().c_str();
}

void GrpcService::AddUnary(const std::string& path, const UnaryMethod& method) {
  AddMethod(new grpc::internal::RpcServiceMethod(
      Keep(path), grpc::internal::RpcMethod::NORMAL_RPC,
      new grpc::internal::RpcMethodHandler<GrpcService, grpc::ByteBuffer, grpc::ByteBuffer>(
          [&method](GrpcService*, grpc::ServerContext* context, const grpc::ByteBuffer* request,
                    grpc::ByteBuffer* response) {
            return RunUnary(method, *context, *request, response);
          },
          this)));
}

void GrpcService::AddServerStream(const std::string& path, const ServerStreamMethod& method) {
  AddMethod(new grpc::internal::RpcServiceMethod(
      Keep(path), grpc::internal::RpcMethod::SERVER_STREAMING,
      new grpc::internal::ServerStreamingHandler<GrpcService, grpc::ByteBuffer, grpc::ByteBuffer>(
          [&method](GrpcService*, grpc::ServerContext* context, const grpc::ByteBuffer* request,
                    grpc::ServerWriter<grpc::ByteBuffer>* writer) {
            return RunServerStream(method, *context, *request, *writer);
          },
          this)));
}

void GrpcService::AddUploadBlobs(const ClientStreams& streams) {
  AddMethod(new grpc::internal::RpcServiceMethod(
      Keep(std::string(kUploadBlobsPath)), grpc::internal::RpcMethod::CLIENT_STREAMING,
      new grpc::internal::ClientStreamingHandler<GrpcService, v1::UploadBlobsRequest,
                                                 v1::UploadBlobsResponse>(
          [this, &streams](GrpcService*, grpc::ServerContext* context, UploadBlobsStream* stream,
                           v1::UploadBlobsResponse* response) {
            return RunClientStream(call_log_, kUploadBlobsPath, *context, [&] {
              return streams.upload_blobs(*context, *stream, response);
            });
          },
          this)));
}

void GrpcService::AddWork(const ClientStreams& streams) {
  AddMethod(new grpc::internal::RpcServiceMethod(
      Keep(std::string(kWorkPath)), grpc::internal::RpcMethod::BIDI_STREAMING,
      new grpc::internal::BidiStreamingHandler<GrpcService, v1::WorkerMessage, v1::ServerMessage>(
          [this, &streams](GrpcService*, grpc::ServerContext* context, WorkStream* stream) {
            return RunClientStream(call_log_, kWorkPath, *context,
                                   [&] { return streams.work(*context, *stream); });
          },
          this)));
}

const std::list<std::string>& ServiceNames() {
  static const std::list<std::string> names = {
      "xp.v1.Admin", "xp.v1.Artifacts", "xp.v1.Blobs",  "xp.v1.Datasets", "xp.v1.Experiments",
      "xp.v1.Logs",  "xp.v1.Metrics",   "xp.v1.Trials", "xp.v1.Workers"};
  return names;
}

}  // namespace xp::rpc
