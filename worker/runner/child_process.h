// The command as a child that is forked first and let go later, so that its identity can be on disk
// before it runs. Not thread safe (it forks: the process must have one thread).
#pragma once

#include <sys/types.h>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <optional>
#include <string>
#include <utility>

#include "worker/runner/exit_record.h"
#include "worker/runner/file_io.h"
#include "worker/runner/runner_spec.h"

namespace xp::runner {

// Why the command does not run.
struct StartFailure {
  EndReason reason = EndReason::kStartFailed;
  std::string message;
};

class ChildProcess {
 public:
  // Forks a child that leads its own process group, has `log_fd` as stdout and stderr, /dev/null as
  // stdin and no other descriptor, and waits. When this process dies before Release, the child ends
  // without having run anything. UNAVAILABLE when fork fails.
  static absl::StatusOr<ChildProcess> ForkHeld(const RunnerSpec& spec, int log_fd);

  pid_t pid() const { return pid_; }

  // Lets it go and waits until it has become the command (empty) or could not. The caller reaps the
  // child in both cases.
  std::optional<StartFailure> Release(const RunnerSpec& spec);

 private:
  ChildProcess(pid_t pid, UniqueFd gate, UniqueFd report)
      : pid_(pid), gate_(std::move(gate)), report_(std::move(report)) {}

  pid_t pid_;
  UniqueFd gate_;    // a byte written here lets the child go
  UniqueFd report_;  // the child writes here why it could not exec; closes when it could
};

}  // namespace xp::runner
