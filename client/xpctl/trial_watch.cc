#include "client/xpctl/trial_watch.h"

#include "proto/status.h"

namespace xp::xpctl {

void WatchCancel::Cancel() {
  const MutexLock lock(mutex_);
  cancelled_ = true;
  if (call_ != nullptr) call_->TryCancel();
}

bool WatchCancel::cancelled() const {
  const MutexLock lock(mutex_);
  return cancelled_;
}

// A call that the handle can end while this object lives.
class WatchedCall {
 public:
  WatchedCall(WatchCancel* cancel, grpc::ClientContext* call) : cancel_(cancel) {
    if (cancel_ == nullptr) return;
    const MutexLock lock(cancel_->mutex_);
    cancel_->call_ = call;
    if (cancel_->cancelled_) call->TryCancel();
  }
  ~WatchedCall() {
    if (cancel_ == nullptr) return;
    const MutexLock lock(cancel_->mutex_);
    cancel_->call_ = nullptr;
  }
  WatchedCall(const WatchedCall&) = delete;
  WatchedCall& operator=(const WatchedCall&) = delete;

 private:
  WatchCancel* const cancel_;
};

absl::Status WatchUntilEnded(client::Client& client, const TrialWatchOptions& options,
                             const std::function<void(const v1::WatchTrialsResponse&)>& changed,
                             const std::function<void()>& interrupted) {
  client::RetryPolicy policy;
  policy.give_up_after = absl::Hours(1);
  client::RetryEnvironment environment = client.retrier().environment();
  if (options.cancel != nullptr) {
    environment.cancelled = [cancel = options.cancel] { return cancel->cancelled(); };
  }
  const client::Retrier patient(policy, environment);
  bool away = false;
  return patient.Run([&](bool* progressed) {
    grpc::ClientContext context;
    const WatchedCall call(options.cancel, &context);
    v1::WatchTrialsRequest request;
    request.set_experiment(options.experiment);
    for (const std::string& trial : options.trials) request.add_trials(trial);
    request.set_until_ended(true);
    request.set_growth(options.growth == TrialWatchOptions::Growth::kReport);
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
