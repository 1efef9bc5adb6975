// Starts another program. Free function; safe from any thread.
#pragma once

#include <absl/status/statusor.h>
#include <sys/types.h>

#include <string>
#include <vector>

namespace xp::runner {

struct SpawnOptions {
  std::vector<std::string> command;  // the program first: a path, or a name that PATH has
  // "NAME=value"; empty: ours.
  std::vector<std::string> environment;
  // What becomes its stdout and stderr: descriptors of ours, which stay open here. -1: /dev/null.
  int output = -1;
  int errors = -1;
  enum class Group { kOurs, kOwn, kOwnSession };
  Group group = Group::kOurs;
};

// The new process. Its stdin is /dev/null, no signal is blocked or ignored in it, and of our files
// it has those alone that are not O_CLOEXEC. It is for the caller to wait for it.
// Errors: NOT_FOUND (no such program), else as ErrnoStatus says, with the program's name.
absl::StatusOr<pid_t> Spawn(const SpawnOptions& options);

}  // namespace xp::runner
