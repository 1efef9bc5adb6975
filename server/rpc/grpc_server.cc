#include "server/rpc/grpc_server.h"

#include <absl/strings/str_cat.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/server_builder.h>

#include <chrono>
#include <utility>

#include "proto/limits.h"
#include "proto/status.h"

namespace xp::rpc {
namespace {

// Clients ping every 20 s while a call is open; a server with gRPC's defaults would end their
// streams after 40 s with "too many pings" (facts/dependencies.md section 2).
constexpr int kMinPingIntervalMs = 5'000;
// Our own pings notice a worker whose machine is gone, which TCP alone does not.
constexpr int kPingIntervalMs = 20'000;
constexpr int kPingTimeoutMs = 20'000;
// What is larger than a message may be is refused by us, who say what to do (validate.h); gRPC's
// own refusal, which does not, is for what nobody sends by accident.
constexpr int kReceiveMaxBytes = 16 * static_cast<int>(limits::kMessageMaxBytes);
constexpr std::chrono::seconds kShutdownPatience(1);

}  // namespace

absl::StatusOr<std::unique_ptr<GrpcServer>> GrpcServer::Start(const GrpcServerOptions& options,
                                                              const MethodTable& table,
                                                              ClientStreams streams,
                                                              CallLog& call_log) {
  std::unique_ptr<GrpcServer> server(new GrpcServer());
  server->streams_ = std::move(streams);
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  builder.AddListeningPort(options.address, options.credentials, &server->port_);
  // Two servers that share a port by SO_REUSEPORT would each get half of the calls.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kPingIntervalMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kPingTimeoutMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             kMinPingIntervalMs);
  builder.SetMaxReceiveMessageSize(kReceiveMaxBytes);
  grpc::ResourceQuota quota("xpserver");
  quota.SetMaxThreads(options.threads_max);
  builder.SetResourceQuota(quota);
  for (const std::string& name : ServiceNames()) {
    server->services_.push_back(
        std::make_unique<GrpcService>(name, table, server->streams_, call_log));
    builder.RegisterService(server->services_.back().get());
  }
  server->server_ = builder.BuildAndStart();
  if (server->server_ == nullptr) {
    return absl::UnavailableError(absl::StrCat(
        "cannot listen on ", options.address,
        "; is another server there? Take another --listen address, or port 0 for any free one"));
  }
  // The library's service knows only the whole server ("") by itself.
  for (const std::string& name : ServiceNames()) {
    server->server_->GetHealthCheckService()->SetServingStatus(name, true);
  }
  return server;
}

GrpcServer::~GrpcServer() { Stop(); }

std::shared_ptr<grpc::Channel> GrpcServer::InProcessChannel() {
  return server_->InProcessChannel(grpc::ChannelArguments());
}

void GrpcServer::Stop() {
  if (server_ == nullptr) return;
  server_->GetHealthCheckService()->Shutdown();  // those who watch are told NOT_SERVING
  server_->Shutdown(std::chrono::system_clock::now() + kShutdownPatience);
  server_->Wait();
  server_.reset();
}

}  // namespace xp::rpc
