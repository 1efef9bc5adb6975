// A run of `xpctl run` as it is kept on this machine until the server has all of it: a folder with
// run.json, the metrics file and the runner's attempt folder. Written anew and renamed at each
// change, so that `sync` can take up whatever a killed run has left.
//
// Errors: NOT_FOUND, INVALID_ARGUMENT (no record), the file system's. Not thread safe.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "client/xpctl/terminal.h"
#include "worker/capture/metric_rules.h"
#include "worker/runner/attempt_folder.h"

namespace xp::xpctl {

struct RunRecord {
  std::string folder;  // absolute; not part of run.json
  std::string id;      // the worker of one is called "run-ID"
  std::string experiment;
  std::string trial;
  std::vector<std::string> command;
  std::vector<capture::MetricDefinition> metrics;
  std::string preset;
  int64_t start_time_ms = 0;  // Unix milliseconds
  std::string trial_uid;      // empty until the server has assigned it
  int attempt = 0;

  runner::AttemptFolder Attempt() const { return runner::AttemptFolder(folder + "/attempt"); }
  std::string MetricsFile() const { return folder + "/metrics.jsonl"; }
};

absl::Status SaveRun(const RunRecord& record);
absl::StatusOr<RunRecord> LoadRun(const std::string& folder);

// $XP_RUNS_DIR, else $XDG_STATE_HOME/xp/runs, else $HOME/.local/state/xp/runs.
absl::StatusOr<std::string> RunsFolder(const GetEnv& getenv);

// Folders of runs that are not delivered yet, oldest first.
std::vector<std::string> PendingRuns(const std::string& runs_folder);

// Everything is with the server: nothing of it is needed here.
absl::Status RemoveRun(const RunRecord& record);

}  // namespace xp::xpctl
