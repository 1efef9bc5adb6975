// From an assignment to what the runner is told: command line, environment, limits.
// Pure; safe from any thread.
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <map>
#include <string>
#include <vector>

#include "worker/daemon/attempt_paths.h"
#include "worker/daemon/workspace.h"
#include "worker/runner/runner_spec.h"
#include "xp/v1/workers.pb.h"

namespace xp::daemon {

struct TrainingMachine {
  std::string server;                            // as programs should write it
  std::vector<v1::Slot> slots;                   // all of this worker
  std::map<std::string, std::string> inherited;  // the daemon's environment
  int cpus = 1;
  absl::Duration default_grace = absl::Seconds(120);  // where the spec has none
};

struct TrainingSpec {
  runner::RunnerSpec runner;
  std::vector<std::string> notes;  // what looks like a mistake, for people
};

// INVALID_ARGUMENT, naming the field of the spec.
absl::StatusOr<TrainingSpec> MakeTrainingSpec(const v1::Assignment& assignment,
                                              const AttemptPaths& paths, const Workspace& workspace,
                                              const TrainingMachine& machine);

// The spec's grace, else the default.
absl::Duration GraceOf(const v1::TrialSpec& spec, absl::Duration absent);

}  // namespace xp::daemon
