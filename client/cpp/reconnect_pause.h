// The pause between two attempts at a call, spent so that the connection can come back.
//
// gRPC reads from a socket that connects only while a call or a watch waits on its channel; else
// it looks there every 5 s (its backup poll). A client that sleeps between calls which fail at once
// therefore finds a server that is back 5 to 10 s late.
//
// Threads: safe from any.
#pragma once

#include <absl/time/time.h>
#include <grpcpp/channel.h>

#include <memory>

#include "client/cpp/retry.h"

namespace xp::client {

// Waits for `pause` while it drives the channel's attempts to connect. Returns sooner when the
// channel becomes connected meanwhile. At once with a pause of 0 or less.
void PauseOn(grpc::Channel& channel, absl::Duration pause);

// RetryEnvironment::System() that sleeps in PauseOn. Keeps the channel alive.
RetryEnvironment SystemRetryOn(std::shared_ptr<grpc::Channel> channel);

}  // namespace xp::client
