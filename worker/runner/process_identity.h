// Which process is meant: a pid alone may have been given to another process since. Pid, start time
// and boot id together name one process for ever. Values and free functions; safe from any thread.
#pragma once

#include <sys/types.h>

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace xp::runner {

struct ProcessIdentity {
  pid_t pid = 0;
  int64_t start_ticks = 0;  // field 22 of /proc/PID/stat: clock ticks between boot and its start
  std::string boot_id;      // /proc/sys/kernel/random/boot_id

  friend bool operator==(const ProcessIdentity&, const ProcessIdentity&) = default;
};

// Fields of /proc/PID/stat that we need.
struct ProcessStat {
  pid_t pid = 0;
  char state = '?';  // 'Z' and 'X' are dead
  pid_t parent = 0;
  pid_t group = 0;
  int64_t start_ticks = 0;
};

// NOT_FOUND when there is no such process.
absl::StatusOr<ProcessStat> ReadProcessStat(pid_t pid);
// The command's name may hold blanks and parentheses. INVALID_ARGUMENT when it is no stat line.
absl::StatusOr<ProcessStat> ParseProcessStat(std::string_view text);

absl::StatusOr<std::string> ReadBootId();
absl::StatusOr<ProcessIdentity> IdentifyProcess(pid_t pid);

// Time since the machine booted, with what it slept through: the clock that start_ticks count on.
// No wall clock that is set anew moves it.
absl::Duration SinceBoot();
// When it started, on that clock.
absl::Duration StartSinceBoot(const ProcessIdentity& identity);

// True while that very process exists and is not a zombie.
bool IsAlive(const ProcessIdentity& identity);

// Sends `signal` to that very process, checked after it was pinned by a pidfd, so that no other
// process can get it. NOT_FOUND when it is gone.
absl::Status SendSignal(const ProcessIdentity& identity, int signal);

// Sends `signal` to the process group that `leader` leads. NOT_FOUND when the leader is gone.
absl::Status SendGroupSignal(const ProcessIdentity& leader, int signal);

}  // namespace xp::runner
