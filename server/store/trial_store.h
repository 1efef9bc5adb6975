// Trials: what a person does with them. What workers do to them is in attempt_store.h. Requests and
// answers are the API's messages, their forms checked by the caller; codes as in trials.proto.
// States change through core/trial_state inside the transaction, and each change adds an event.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <string>
#include <string_view>
#include <vector>

#include "server/core/trial_state.h"
#include "server/store/experiment_store.h"
#include "server/store/live_trial.h"
#include "xp/v1/trials.pb.h"

namespace xp::store {

// Inside a change (write_context.h). `name` is "E/T". All: NOT_FOUND when there is none.
class TrialWrites {
 public:
  virtual ~TrialWrites() = default;

  virtual absl::StatusOr<v1::Trial> Create(const v1::CreateTrialRequest& request) = 0;

  // Tags, notes, priority.
  virtual absl::StatusOr<v1::Trial> Update(const v1::UpdateTrialRequest& request) = 0;

  virtual absl::Status Delete(std::string_view name, DeletePolicy policy) = 0;

  // QUEUED is STOPPED at once; what a worker holds becomes STOPPING (the caller sends Stop to the
  // worker: the listener's TrialChange says so). FAILED_PRECONDITION: it has ended.
  virtual absl::StatusOr<v1::Trial> Stop(std::string_view name, core::StopReason reason) = 0;

  // Idempotent by request_id until the next retry.
  virtual absl::StatusOr<v1::Trial> Retry(const v1::RetryTrialRequest& request) = 0;
};

class TrialReads {
 public:
  virtual ~TrialReads() = default;

  // With its spec. NOT_FOUND names the nearest.
  virtual absl::StatusOr<v1::Trial> Get(std::string_view name) = 0;
  virtual absl::StatusOr<v1::Trial> GetByUid(std::string_view uid) = 0;

  // INVALID_ARGUMENT: filter, order_by, page_size or page_token. Pages stay under 1 MiB.
  virtual absl::StatusOr<v1::ListTrialsResponse> List(const v1::ListTrialsRequest& request) = 0;

  // The trials of an experiment (of all, when empty) as a watcher needs them; without specs, in the
  // order of submission. Only these when `trials` (bare names) is not empty; NOT_FOUND names the
  // first that is not there.
  virtual absl::StatusOr<std::vector<LiveTrial>> Watch(std::string_view experiment,
                                                       const std::vector<std::string>& trials) = 0;

  // Every trial that has not ended: what the scheduler begins with.
  virtual absl::StatusOr<std::vector<LiveTrial>> ListLive() = 0;

  // One page of the attempts, oldest first.
  virtual absl::StatusOr<v1::ListAttemptsResponse> ListAttempts(
      const v1::ListAttemptsRequest& request) = 0;

  // What happened, oldest first, the last 1,000; fewer where they would pass 1 MiB.
  virtual absl::StatusOr<std::vector<v1::TrialEvent>> ListEvents(std::string_view name) = 0;
};

}  // namespace xp::store
