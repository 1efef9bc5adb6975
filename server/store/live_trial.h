// A trial as the scheduler and the watchers need it: everything but spec, notes and log tail.
// Plain data; safe from any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "server/core/ids.h"
#include "server/core/trial_state.h"
#include "xp/v1/trials.pb.h"

namespace xp::store {

struct LiveTrial {
  core::TrialId id;
  // Without spec and log_tail; with latest_attempt (slots, worker, times) when there is one.
  v1::Trial trial;
  core::TrialState state = core::TrialState::kQueued;
  v1::Resources resources;
  // When it was last queued, as a rising number: among equal priorities lower goes first.
  int64_t queue_order = 0;
  // When it was last queued, ms UTC.
  int64_t queued_time_ms = 0;
  // Why it is to stop or stopped; kNone when nobody asked.
  core::StopReason stop = core::StopReason::kNone;
  // Left of the time limit over all attempts when the latest began; 0: no limit.
  int64_t time_limit_ms = 0;
  // Workers that had a worker fault of this trial since submit or retry.
  std::vector<std::string> faulted_workers;

  core::AttemptKey key() const { return {id, trial.attempt()}; }
};

}  // namespace xp::store
