#include "worker/daemon/tool_output.h"

#include <absl/strings/str_cat.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "worker/runner/file_io.h"
#include "worker/runner/spawn.h"

namespace xp::daemon {

absl::Status WriteToolOutput(const std::vector<std::string>& command,
                             const std::vector<std::string>& environment, const std::string& path,
                             absl::Duration patience) {
  const runner::UniqueFd output(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!output.valid()) return runner::ErrnoStatus(errno, path);
  const auto pid = runner::Spawn({.command = command,
                                  .environment = environment,
                                  .output = output.get(),
                                  .group = runner::SpawnOptions::Group::kOwn});
  if (!pid.ok()) return pid.status();

  runner::UniqueFd ended(static_cast<int>(syscall(SYS_pidfd_open, *pid, 0)));
  pollfd wait = {.fd = ended.get(), .events = POLLIN};
  const bool in_time = poll(&wait, 1, static_cast<int>(absl::ToInt64Milliseconds(patience))) > 0;
  if (!in_time) kill(-*pid, SIGKILL);
  int status;
  while (waitpid(*pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!in_time) return absl::DeadlineExceededError(absl::StrCat(command[0], ": took too long"));
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return absl::OkStatus();
  return absl::UnknownError(absl::StrCat(command[0], ": ended with status ", status));
}

}  // namespace xp::daemon
