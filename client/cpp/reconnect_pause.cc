#include "client/cpp/reconnect_pause.h"

#include <grpc/support/time.h>

#include <utility>

namespace xp::client {

void PauseOn(grpc::Channel& channel, absl::Duration pause) {
  // The monotonic clock: a step of the wall clock must not lengthen a pause.
  const gpr_timespec deadline =
      gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                   gpr_time_from_nanos(absl::ToInt64Nanoseconds(pause), GPR_TIMESPAN));
  grpc_connectivity_state state = channel.GetState(/*try_to_connect=*/true);
  while (channel.WaitForStateChange(state, deadline)) {
    state = channel.GetState(/*try_to_connect=*/true);
    if (state == GRPC_CHANNEL_READY) return;
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
