// How an attempt's process ended: the content of the file `exit` (version 1), which the runner
// writes last. Values; safe from any thread.
//
// Errors: INVALID_ARGUMENT for text that is no exit record, FAILED_PRECONDITION for a version that
// this build does not know.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace xp::runner {

enum class EndReason {
  kExit,         // it ended by itself: see exit_code (0 is success, 75 means preempted)
  kSignal,       // a signal ended it: see signal
  kOutOfMemory,  // SIGKILL (or a shell's exit code 137), and the kernel counted an OOM kill
  kNotFound,     // the command does not exist or cannot be executed: see message
  kStartFailed,  // the system refused: no such working directory, fork failed: see message
  kCalledOff,    // the command will never begin: see stop_reason (CallOff in runner_control.h)
};

// Why the runner began to stop the process; what it then ended by stands in EndReason.
enum class StopCause {
  kNone,
  kRequested,   // stop.json: see stop_reason
  kTimeLimit,   // RunnerSpec::time_limit
  kTerminated,  // the runner itself got SIGTERM: the machine goes down, or an administrator
};

struct ExitRecord {
  EndReason reason = EndReason::kExit;
  int exit_code = 0;  // meaningful for kExit, and for kOutOfMemory seen through a shell
  int signal = 0;     // meaningful for kSignal and kOutOfMemory; 0 otherwise
  StopCause stop_cause = StopCause::kNone;
  std::string stop_reason;        // the word given to RequestStop or CallOff, e.g. "USER"
  std::string message;            // one line for people; empty when there is nothing to add
  int64_t start_time_ms = 0;      // Unix milliseconds of this machine's wall clock
  int64_t end_time_ms = 0;        // when the last descendant had ended
  int64_t run_time_ms = 0;        // of the main process, on the monotonic clock
  int64_t log_bytes = 0;          // size of the log when nobody could write to it any more
  int64_t oom_kills = 0;          // counted by the kernel in this cgroup during the run
  int64_t log_truncations = 0;    // times that somebody cut the log (`> /dev/stderr` does)
  int64_t descendants_ended = 0;  // processes that the main process left running
  int64_t descendants_left = 0;   // of these, those that not even SIGKILL ended in a minute

  bool Succeeded() const {
    return reason == EndReason::kExit && exit_code == 0 && stop_cause == StopCause::kNone;
  }
};

std::string ExitRecordToJson(const ExitRecord& record);
absl::StatusOr<ExitRecord> ExitRecordFromJson(std::string_view json);

// "exit code 3", "signal 9 (SIGKILL), out of memory": for people.
std::string DescribeExit(const ExitRecord& record);

}  // namespace xp::runner
