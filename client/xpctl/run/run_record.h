// A run of `xpctl run` as it is kept on this machine until the server has all of it: a folder with
// run.json, the attempt's folder, the work folder and the log of the xpworker that tracks it
// (docs/attempt-folder.md, "A run of xpctl run"). `sync` takes up whatever a killed run has left.
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
#include "worker/runner/process_identity.h"

namespace xp::xpctl {

// A process and where its pid means something: runs may lie on a disk that machines share.
struct RunStarter {
  runner::ProcessIdentity process;  // pid 0: not known
  std::string host;
  std::string pid_namespace;  // as /proc/self/ns/pid names it

  static absl::StatusOr<RunStarter> ThisProcess();
  // It ended, or its machine was started anew. False where that cannot be known.
  bool IsGone() const;
};

struct RunRecord {
  std::string folder;  // absolute; not part of run.json
  std::string id;      // its worker is called "run-ID"
  std::string experiment;
  std::string trial;
  std::vector<std::string> command;
  std::vector<capture::MetricDefinition> metrics;
  std::string preset;
  std::string git_commit;       // of the folder that it began in; empty: none
  std::string git_diff_sha256;  // of DiffFile(); empty: no difference
  int64_t start_time_ms = 0;    // Unix milliseconds
  RunStarter starter;           // the xpctl that begins the command

  std::string FullName() const { return experiment + "/" + trial; }
  runner::AttemptFolder Attempt() const { return runner::AttemptFolder(folder + "/attempt"); }
  std::string CheckpointDir() const { return folder + "/checkpoint"; }
  std::string DiffFile() const { return folder + "/source.diff"; }
  std::string WorkerFolder() const { return folder + "/worker"; }
  std::string WorkerLog() const { return folder + "/worker.log"; }
};

absl::Status SaveRun(const RunRecord& record);
absl::StatusOr<RunRecord> LoadRun(const std::string& folder);

// $XP_RUNS_DIR, else $XDG_STATE_HOME/xp/runs, else $HOME/.local/state/xp/runs.
absl::StatusOr<std::string> RunsFolder(const GetEnv& getenv);

// Folders of runs that are not delivered yet, oldest first.
std::vector<std::string> PendingRuns(const std::string& runs_folder);

// Everything is with the server: nothing of it is needed here.
absl::Status RemoveRun(const RunRecord& record);

// The server does not want it: it waits no longer, its files stay.
absl::Status DropRun(const RunRecord& record);

}  // namespace xp::xpctl
