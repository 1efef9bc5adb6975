// What the daemon and `xpctl run` do with a runner: start it, look at it, ask it to stop, wait for
// its end. Everything goes through the attempt's folder, so whoever comes after a daemon's death
// uses the same calls. Free functions; safe from any thread, also across processes.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <functional>
#include <optional>
#include <string>

#include "worker/runner/attempt_folder.h"
#include "worker/runner/exit_record.h"
#include "worker/runner/folder_lock.h"
#include "worker/runner/process_identity.h"
#include "worker/runner/runner_spec.h"

namespace xp::runner {

enum class RunnerPhase {
  kNotStarted,  // no runner ever took this folder: it may be started
  kRunning,     // a runner holds the lock
  kExited,      // `exit` is there: see exit
  kOrphaned,    // the runner is gone without a word, the main process lives: watch it until it ends
  kVanished,    // the runner is gone without a word and so is the main process: a worker fault
};

struct RunnerState {
  RunnerPhase phase = RunnerPhase::kNotStarted;
  std::optional<ExitRecord> exit;          // for kExited
  std::optional<ProcessIdentity> runner;   // once `pid` is there
  std::optional<ProcessIdentity> command;  // once `pid` is there; its process leads its group
};

// Writes attempt.json durably, then starts `runner_binary` detached (own session, adopted by init
// or the nearest subreaper, standard streams on runner.log) and returns when it has taken the
// folder and the command has been started or could not be: the latter stands in `exit`, as any
// other end does. The folder must exist. The training survives the caller from here on.
// INVALID_ARGUMENT: the spec could not run. FAILED_PRECONDITION: the folder was used before (an
// attempt runs once). UNAVAILABLE: the runner binary could not be started or did not take the
// folder; the message has the end of runner.log, and nothing is running.
absl::Status StartRunner(const std::string& runner_binary, const AttemptFolder& folder,
                         const RunnerSpec& spec);

// Takes a folder in which no runner has begun, so that none begins while the caller prepares it or
// calls it off: a daemon that died may have left one that is about to start, and it gives up when
// it finds the folder held. Let go before StartRunner. FAILED_PRECONDITION: a runner has the folder
// or had it, or it was called off; Probe says which.
absl::StatusOr<FolderLock> HoldFolder(const AttemptFolder& folder);

// Ends, for good, an attempt whose command has not begun: writes `exit`, after which no runner
// takes the folder. `held` is from HoldFolder. `reason` comes back as ExitRecord::stop_reason.
absl::Status CallOff(const AttemptFolder& folder, const FolderLock& held, const std::string& reason,
                     const std::string& message, absl::Time now);

// NOT_FOUND: no such folder. DATA_LOSS: a file of the folder cannot be understood.
absl::StatusOr<RunnerState> Probe(const AttemptFolder& folder);

// Asks for SIGTERM to the process group now and SIGKILL after `grace`. Survives whoever asked.
// Asked again, the earlier of the two deadlines holds. `reason` comes back as
// ExitRecord::stop_reason. A run whose runner is gone (kOrphaned) is not stopped by this: see
// KillOrphan.
absl::Status RequestStop(const AttemptFolder& folder, absl::Duration grace,
                         const std::string& reason);

// Sends SIGKILL to the process group of an orphaned run. NOT_FOUND when it is gone already.
absl::Status KillOrphan(const RunnerState& state);

struct WaitOptions {
  absl::Duration timeout = absl::InfiniteDuration();
  absl::Duration poll_interval = absl::Milliseconds(50);
  // Passes the time between two looks; tests pass their own.
  std::function<void(absl::Duration)> sleep;  // empty: really sleep
};

// Until the phase is kExited or kVanished. DEADLINE_EXCEEDED when `timeout` was slept through.
absl::StatusOr<RunnerState> WaitForExit(const AttemptFolder& folder, const WaitOptions& options);

// The program called `name` that belongs to this one: $VARIABLE, else the one beside the running
// binary.
std::string ProgramBeside(const char* variable, const std::string& name);

// The xprunner that belongs to this program ($XP_RUNNER).
std::string DefaultRunnerBinary();

}  // namespace xp::runner
