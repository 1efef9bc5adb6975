// The gRPC side of the server: every service of the API on one address, with health, reflection,
// keepalive and the limits of DESIGN section 7.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>

#include <memory>
#include <string>
#include <vector>

#include "server/rpc/call_log.h"
#include "server/rpc/grpc_service.h"
#include "server/rpc/method_table.h"

namespace xp::rpc {

struct GrpcServerOptions {
  std::string address;  // "127.0.0.1:7070"; port 0: chosen by the kernel
  // Insecure unless given; server/auth is the place that will make others (another issue's).
  std::shared_ptr<grpc::ServerCredentials> credentials = grpc::InsecureServerCredentials();
  // Each open stream holds a thread; beyond this calls get RESOURCE_EXHAUSTED.
  int threads_max = 1024;
};

class GrpcServer {
 public:
  // Listens. `table` and `call_log` must outlive it. UNAVAILABLE: the address cannot be listened
  // on.
  static absl::StatusOr<std::unique_ptr<GrpcServer>> Start(const GrpcServerOptions& options,
                                                           const MethodTable& table,
                                                           ClientStreams streams,
                                                           CallLog& call_log);
  ~GrpcServer();

  int port() const { return port_; }

  // A channel within the process, for tests.
  std::shared_ptr<grpc::Channel> InProcessChannel();

  // Health says NOT_SERVING. Takes no new calls, waits a little for those under way, then cancels
  // them (UNAVAILABLE). Ask streams to end before (Fleet::Stop, ChangeFeed::Close).
  void Stop();

 private:
  GrpcServer() = default;

  ClientStreams streams_;
  std::vector<std::unique_ptr<GrpcService>> services_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

}  // namespace xp::rpc
