#include "worker/runner/runner_control.h"

#include <absl/strings/str_cat.h>
#include <absl/time/clock.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "worker/runner/exit_codes.h"
#include "worker/runner/file_io.h"
#include "worker/runner/pid_file.h"
#include "worker/runner/spawn.h"
#include "worker/runner/stop_request.h"

namespace xp::runner {
namespace {

constexpr size_t kRunnerLogShown = 2000;  // bytes

// Adds "not understood" to a file's own error: the folder is damaged.
absl::Status Damaged(const std::string& file, const absl::Status& status) {
  return absl::DataLossError(absl::StrCat(file, ": ", std::string(status.message())));
}

// Runs the binary's foreground half to its end; its exit code.
absl::StatusOr<int> RunForeground(const std::string& binary, const AttemptFolder& folder) {
  const std::string file = folder.RunnerLogFile();
  const UniqueFd log(open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!log.valid()) return ErrnoStatus(errno, file);
  const auto pid = Spawn({.command = {binary, folder.path()},
                          .environment = {},
                          .output = log.get(),
                          .errors = log.get(),
                          .group = SpawnOptions::Group::kOwnSession});
  if (!pid.ok()) {
    return absl::UnavailableError(absl::StrCat("runner ", std::string(pid.status().message()),
                                               " (set XP_RUNNER to where xprunner is)"));
  }
  int status;
  while (waitpid(*pid, &status, 0) < 0) {
    if (errno != EINTR) return ErrnoStatus(errno, "waitpid");
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : static_cast<int>(ExitCode::kNotStarted);
}

}  // namespace

absl::Status StartRunner(const std::string& runner_binary, const AttemptFolder& folder,
                         const RunnerSpec& spec) {
  if (absl::Status status = CheckSpec(spec); !status.ok()) return status;
  auto state = Probe(folder);
  if (!state.ok()) return state.status();
  if (state->phase != RunnerPhase::kNotStarted) {
    return absl::FailedPreconditionError(
        absl::StrCat(folder.path(), ": this attempt runs already or has run"));
  }
  if (absl::Status status = WriteFileDurably(folder.SpecFile(), SpecToJson(spec)); !status.ok()) {
    return status;
  }
  auto code = RunForeground(runner_binary, folder);
  if (!code.ok()) return code.status();
  if (*code == ExitCode::kStarted) return absl::OkStatus();
  std::string said = ReadSmallFile(folder.RunnerLogFile()).value_or("");
  if (said.size() > kRunnerLogShown) said.erase(0, said.size() - kRunnerLogShown);
  const std::string message =
      absl::StrCat("runner ", runner_binary, " ended with ", *code, ": ", said);
  return *code == ExitCode::kFolderUsed ? absl::FailedPreconditionError(message)
                                        : absl::UnavailableError(message);
}

absl::StatusOr<FolderLock> HoldFolder(const AttemptFolder& folder) {
  auto lock = FolderLock::Acquire(folder.LockFile());
  if (!lock.ok()) return lock.status();
  for (const std::string& file : {folder.PidFile(), folder.ExitFile()}) {
    if (access(file.c_str(), F_OK) == 0) {
      return absl::FailedPreconditionError(file + ": this attempt has begun or is over");
    }
  }
  return lock;
}

absl::Status CallOff(const AttemptFolder& folder, const FolderLock&, const std::string& reason,
                     const std::string& message, absl::Time now) {
  ExitRecord record;
  record.reason = EndReason::kCalledOff;
  record.stop_reason = reason;
  record.message = message;
  record.start_time_ms = record.end_time_ms = absl::ToUnixMillis(now);
  return WriteFileDurably(folder.ExitFile(), ExitRecordToJson(record));
}

absl::StatusOr<RunnerState> Probe(const AttemptFolder& folder) {
  struct stat info;
  if (stat(folder.path().c_str(), &info) != 0) return ErrnoStatus(errno, folder.path());
  // The lock first: a runner writes `exit` and then lets go. Seen free, `exit` is there if it ever
  // will be.
  auto lock = LookAtLock(folder.LockFile());
  if (!lock.ok()) return lock.status();
  RunnerState state;
  auto pid_text = ReadSmallFile(folder.PidFile());
  if (pid_text.ok()) {
    auto pids = PidInfoFromJson(*pid_text);
    if (!pids.ok()) return Damaged(folder.PidFile(), pids.status());
    state.runner = pids->runner;
    state.command = pids->command;
  } else if (!absl::IsNotFound(pid_text.status())) {
    return pid_text.status();
  }
  auto exit_text = ReadSmallFile(folder.ExitFile());
  if (exit_text.ok()) {
    auto record = ExitRecordFromJson(*exit_text);
    if (!record.ok()) return Damaged(folder.ExitFile(), record.status());
    state.exit = *std::move(record);
    state.phase = RunnerPhase::kExited;
    return state;
  }
  if (!absl::IsNotFound(exit_text.status())) return exit_text.status();
  if (*lock == LockState::kHeld) {
    state.phase = RunnerPhase::kRunning;
  } else if (!state.command.has_value()) {
    state.phase = RunnerPhase::kNotStarted;
  } else {
    state.phase = IsAlive(*state.command) ? RunnerPhase::kOrphaned : RunnerPhase::kVanished;
  }
  return state;
}

absl::Status RequestStop(const AttemptFolder& folder, absl::Duration grace,
                         const std::string& reason) {
  if (grace < absl::ZeroDuration()) grace = absl::ZeroDuration();
  const StopRequest request{.grace = grace, .reason = reason};
  return WriteFileDurably(folder.StopFile(), StopRequestToJson(request));
}

absl::Status KillOrphan(const RunnerState& state) {
  if (!state.command.has_value()) return absl::NotFoundError("nothing was started");
  return SendGroupSignal(*state.command, SIGKILL);
}

absl::StatusOr<RunnerState> WaitForExit(const AttemptFolder& folder, const WaitOptions& options) {
  absl::Duration waited;
  while (true) {
    auto state = Probe(folder);
    if (!state.ok() || state->phase == RunnerPhase::kExited ||
        state->phase == RunnerPhase::kVanished) {
      return state;
    }
    if (waited >= options.timeout) {
      return absl::DeadlineExceededError(absl::StrCat(folder.path(), ": still running"));
    }
    if (options.sleep) {
      options.sleep(options.poll_interval);
    } else {
      absl::SleepFor(options.poll_interval);
    }
    waited += options.poll_interval;
  }
}

std::string ProgramBeside(const char* variable, const std::string& name) {
  if (const char* set = getenv(variable); set != nullptr && *set != '\0') return set;
  char self[4096];
  const ssize_t n = readlink("/proc/self/exe", self, sizeof self);
  if (n <= 0) return "/usr/bin/" + name;
  const std::string path(self, static_cast<size_t>(n));
  return path.substr(0, path.rfind('/') + 1) + name;
}

std::string DefaultRunnerBinary() { return ProgramBeside("XP_RUNNER", "xprunner"); }

}  // namespace xp::runner
