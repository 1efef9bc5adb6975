// The life of one attempt as its runner lives it: take the folder, start the command, note the
// log's growth, keep the time limit, hear stop requests, end what is left running, write `exit`.
// Not thread safe, and meant for a process with one thread (it forks and takes signals by
// signalfd).
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "proto/clock.h"
#include "worker/runner/attempt_folder.h"
#include "worker/runner/child_process.h"
#include "worker/runner/exit_record.h"
#include "worker/runner/folder_lock.h"
#include "worker/runner/folder_watch.h"
#include "worker/runner/log_guard.h"
#include "worker/runner/log_times.h"
#include "worker/runner/runner_spec.h"

namespace xp::runner {

class Supervisor {
 public:
  // `clock` must outlive it.
  Supervisor(AttemptFolder folder, Clock& clock) : folder_(std::move(folder)), clock_(clock) {}

  // Takes the folder and starts the command. FAILED_PRECONDITION: the folder is in use or was used
  // before. Any other error: nothing runs and nothing was decided. OK: from here on `exit` will
  // tell, also when the command could not be started.
  absl::Status Start();

  // Until no descendant is left; then writes `exit`. Call once, after Start was OK.
  absl::Status Run();

 private:
  absl::Status TakeFolder();
  absl::Status OpenSignals();
  void Wait(absl::Duration at_most);
  void ReapChildren();
  void TakeStopRequest();
  void BeginStop(StopCause cause, absl::Duration grace, const std::string& reason);
  void SignalCommand(int signal);
  void KeepLimits();
  void NoteLog();
  void WatchCommand();
  void EndDescendants();
  void Classify();
  absl::Status WriteExit();
  int64_t NowMs() { return absl::ToUnixMillis(clock_.Now()); }

  const AttemptFolder folder_;
  Clock& clock_;
  RunnerSpec spec_;

  std::optional<FolderLock> lock_;
  std::optional<LogTimesWriter> times_;
  std::optional<LogGuard> guard_;
  std::optional<FolderWatch> watch_;
  UniqueFd signals_;

  pid_t command_ = 0;
  std::optional<int> command_status_;  // as waitpid gave it
  std::optional<StartFailure> start_failure_;
  absl::Duration started_;  // these three on the monotonic clock
  absl::Duration kill_at_ = absl::InfiniteDuration();
  absl::Duration next_note_;
  bool killed_ = false;      // we sent SIGKILL ourselves
  bool terminated_ = false;  // somebody sent SIGTERM to the runner
  int64_t oom_kills_before_ = 0;
  std::string stop_request_;  // the text of stop.json when it was read last
  ExitRecord record_;
};

}  // namespace xp::runner
