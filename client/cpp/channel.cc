#include "client/cpp/channel.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <chrono>
#include <string>

#include "proto/limits.h"
#include "proto/status.h"
#include "xp/v1/experiments.grpc.pb.h"

namespace xp::client {
namespace {

int Milliseconds(absl::Duration duration) {
  return static_cast<int>(absl::ToInt64Milliseconds(duration));
}

std::chrono::system_clock::time_point In(absl::Duration duration) {
  return std::chrono::system_clock::now() + absl::ToChronoMilliseconds(duration);
}

// A failed channel answers a call at once, with what went wrong last. The call reaches no server.
std::string WhyNotConnected(grpc::Channel& channel) {
  // The stub wants ownership that we do not have: the caller holds the channel throughout.
  const std::shared_ptr<grpc::Channel> borrowed(&channel, [](grpc::Channel*) {});
  const auto stub = v1::Experiments::NewStub(borrowed);
  grpc::ClientContext context;
  context.set_deadline(In(absl::Milliseconds(200)));
  v1::ListExperimentsRequest request;
  request.set_page_size(1);
  v1::ListExperimentsResponse response;
  const grpc::Status status = stub->ListExperiments(&context, request, &response);
  if (status.ok()) return "";
  const std::string& message = status.error_message();
  for (const char* known :
       {"Connection refused", "No such file or directory", "Permission denied", "No route to host",
        "Network is unreachable", "DNS resolution failed"}) {
    if (message.find(known) != message.npos) return known;
  }
  if (message.find("http1.x server") != message.npos) {
    return "what listens there speaks HTTP/1.1, not gRPC; xpserver's gRPC port is that of --listen "
           "(7070 unless set), not that of --http";
  }
  for (const char* other : {"Failed parsing HTTP/2", "Socket closed", "Connection reset by peer"}) {
    if (message.find(other) != message.npos) {
      return "what listens there speaks no gRPC; is it an xpserver?";
    }
  }
  if (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED) return "it does not answer";
  return message;
}

}  // namespace

std::shared_ptr<grpc::Channel> MakeChannel(const ServerAddress& address,
                                           const ChannelOptions& options) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(static_cast<int>(limits::kMessageMaxBytes));
  arguments.SetMaxSendMessageSize(static_cast<int>(limits::kMessageMaxBytes));
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, Milliseconds(options.reconnect_min));
  // Named a backoff, it is the time that an attempt has at least.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, Milliseconds(options.connect_timeout));
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, Milliseconds(options.reconnect_max));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, Milliseconds(options.keepalive));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, Milliseconds(options.keepalive_timeout));
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // A channel of its own for each call of MakeChannel, with its own connection.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  // HTTP proxies of the environment are for the web; a server on the own network is not behind one.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return grpc::CreateCustomChannel(address.target, grpc::InsecureChannelCredentials(), arguments);
}

absl::Status WaitForServer(grpc::Channel& channel, const ServerAddress& address,
                           std::string_view where_from, absl::Duration timeout) {
  const auto deadline = In(timeout);
  grpc_connectivity_state state = channel.GetState(/*try_to_connect=*/true);
  while (state != GRPC_CHANNEL_READY && state != GRPC_CHANNEL_TRANSIENT_FAILURE) {
    if (!channel.WaitForStateChange(state, deadline)) break;
    state = channel.GetState(/*try_to_connect=*/true);
  }
  if (state == GRPC_CHANNEL_READY) return absl::OkStatus();
  const std::string why = WhyNotConnected(channel);
  if (why.empty()) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat("no xpserver at ", address.shown, " (", ToAbsl(where_from), "): ", why,
                   ".\nStart one:       xpserver --data-dir DIR\n"
                   "or say where:    --server HOST:PORT, or export XP_SERVER=HOST:PORT"));
}

}  // namespace xp::client
