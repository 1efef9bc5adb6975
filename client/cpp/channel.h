// The connection to a server: made lazily, shared by all stubs, and connected again by gRPC itself
// after it was cut.
//
// Threads: a channel may be used from any thread. Lifetime: whoever holds the shared_ptr.
#pragma once

#include <absl/status/status.h>
#include <absl/time/time.h>
#include <grpcpp/channel.h>

#include <memory>
#include <string_view>

#include "client/cpp/address.h"

namespace xp::client {

struct ChannelOptions {
  // gRPC's first and longest pause between its own attempts to connect (it adds jitter). Short: a
  // refused connection costs nothing, and a server that comes back is to be found soon.
  absl::Duration reconnect_min = absl::Milliseconds(100);
  absl::Duration reconnect_max = absl::Seconds(1);
  // For one attempt: a far network needs its time.
  absl::Duration connect_timeout = absl::Seconds(10);
  // While a call is open, a silent connection is probed this often; a dead one ends the call with
  // UNAVAILABLE after `keepalive_timeout`. The server allows pings every 10 s.
  absl::Duration keepalive = absl::Seconds(20);
  absl::Duration keepalive_timeout = absl::Seconds(10);
};

// Returns at once, connected or not.
std::shared_ptr<grpc::Channel> MakeChannel(const ServerAddress& address,
                                           const ChannelOptions& options = {});

// How long people wait to be told that no server is there.
inline constexpr absl::Duration kConnectTimeout = absl::Seconds(2);

// Waits until the channel is connected. UNAVAILABLE as soon as a connection is refused, at the
// latest after `timeout`: says where it looked (`where_from`, e.g. "from $XP_SERVER"), why it did
// not work, and how to start a server.
absl::Status WaitForServer(grpc::Channel& channel, const ServerAddress& address,
                           std::string_view where_from, absl::Duration timeout = kConnectTimeout);

}  // namespace xp::client
