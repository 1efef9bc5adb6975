// What a worker of one says about its run, as messages. Functions; any thread.
#pragma once

#include <absl/time/time.h>

#include <string>

#include "client/xpctl/run/run_record.h"
#include "worker/runner/runner_control.h"
#include "xp/v1/experiments.pb.h"
#include "xp/v1/workers.pb.h"

namespace xp::xpctl {

void SetAttempt(const RunRecord& record, v1::AttemptId* attempt);

// The experiment (made if it is new) with the one trial, which only this worker can take.
v1::SubmitExperimentRequest SubmitRequestOf(const RunRecord& record);

v1::WorkerMessage HelloOf(const RunRecord& record, absl::Time now);
v1::WorkerMessage AcceptedOf(const RunRecord& record);
v1::WorkerMessage StartedOf(const RunRecord& record);
v1::WorkerMessage HeartbeatOf(const RunRecord& record);
v1::WorkerMessage ExitedOf(const RunRecord& record, const runner::RunnerState& state,
                           uint64_t log_bytes, uint64_t metrics_bytes, absl::Time now);
v1::WorkerMessage FinishedOf(const RunRecord& record, uint64_t log_bytes, uint64_t metrics_bytes);

}  // namespace xp::xpctl
