#include "client/xpctl/trial_watch.h"

#include "proto/status.h"

namespace xp::xpctl {

absl::Status WatchUntilEnded(client::Client& client, World& world, const TrialWatchOptions& options,
                             const std::function<void(const v1::WatchTrialsResponse&)>& changed,
                             const std::function<void()>& interrupted) {
  client::RetryPolicy policy;
  policy.give_up_after = absl::Hours(1);
  const client::Retrier patient(policy, world.retry);
  bool away = false;
  return patient.Run([&](bool* progressed) {
    grpc::ClientContext context;
    v1::WatchTrialsRequest request;
    request.set_experiment(options.experiment);
    for (const std::string& trial : options.trials) request.add_trials(trial);
    request.set_until_ended(true);
    const auto reader = client.stub<v1::Trials>().WatchTrials(&context, request);
    v1::WatchTrialsResponse message;
    while (reader->Read(&message)) {
      away = false;
      *progressed = true;
      changed(message);
    }
    const absl::Status status = FromGrpcStatus(reader->Finish());
    if (absl::IsUnavailable(status) && !away) {
      away = true;
      interrupted();
    }
    return status;
  });
}

}  // namespace xp::xpctl
