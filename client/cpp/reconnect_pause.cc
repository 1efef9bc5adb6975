#include "client/cpp/reconnect_pause.h"

#include <chrono>
#include <thread>
#include <utility>

namespace xp::client {

void PauseOn(grpc::Channel& channel, absl::Duration pause) {
  const auto deadline = std::chrono::system_clock::now() + absl::ToChronoNanoseconds(pause);
  grpc_connectivity_state state = channel.GetState(/*try_to_connect=*/true);
  if (state == GRPC_CHANNEL_READY) {
    std::this_thread::sleep_for(absl::ToChronoNanoseconds(pause));
    return;
  }
  while (state != GRPC_CHANNEL_READY && channel.WaitForStateChange(state, deadline)) {
    state = channel.GetState(/*try_to_connect=*/true);
  }
}

RetryEnvironment SystemRetryOn(std::shared_ptr<grpc::Channel> channel) {
  RetryEnvironment environment = RetryEnvironment::System();
  environment.sleep = [channel = std::move(channel)](absl::Duration pause) {
    PauseOn(*channel, pause);
  };
  return environment;
}

}  // namespace xp::client
