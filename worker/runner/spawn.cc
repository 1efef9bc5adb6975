#include "worker/runner/spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

#include "worker/runner/file_io.h"

namespace xp::runner {
namespace {

// posix_spawn takes char* and changes nothing.
std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

void Redirect(posix_spawn_file_actions_t* files, int ours, int its) {
  if (ours >= 0) {
    posix_spawn_file_actions_adddup2(files, ours, its);
  } else {
    posix_spawn_file_actions_addopen(files, its, "/dev/null", O_WRONLY, 0);
  }
}

short FlagsOf(SpawnOptions::Group group) {
  constexpr short kSignals = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
  switch (group) {
    case SpawnOptions::Group::kOwn:
      return kSignals | POSIX_SPAWN_SETPGROUP;
    case SpawnOptions::Group::kOwnSession:
      return kSignals | POSIX_SPAWN_SETSID;
    case SpawnOptions::Group::kOurs:
      break;
  }
  return kSignals;
}

}  // namespace

absl::StatusOr<pid_t> Spawn(const SpawnOptions& options) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  Redirect(&files, options.output, STDOUT_FILENO);
  Redirect(&files, options.errors, STDERR_FILENO);
  // Last: where our stdin is closed, the descriptors above may have its number.
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t signals;
  sigemptyset(&signals);
  posix_spawnattr_setsigmask(&attributes, &signals);
  sigfillset(&signals);
  posix_spawnattr_setsigdefault(&attributes, &signals);
  posix_spawnattr_setflags(&attributes, FlagsOf(options.group));
  const std::vector<char*> argv = Pointers(options.command);
  const std::vector<char*> environment = Pointers(options.environment);
  pid_t pid = 0;
  const int error = posix_spawnp(&pid, argv[0], &files, &attributes, argv.data(),
                                 options.environment.empty() ? environ : environment.data());
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) return ErrnoStatus(error, options.command[0]);
  return pid;
}

}  // namespace xp::runner
