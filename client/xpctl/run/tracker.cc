#include "client/xpctl/run/tracker.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "client/xpctl/run/run_request.h"
#include "worker/runner/folder_lock.h"
#include "worker/runner/runner_control.h"

extern char** environ;

namespace xp::xpctl {
namespace {

constexpr absl::Duration kEndPatience = absl::Seconds(5);  // after SIGTERM

absl::StatusOr<pid_t> Spawn(std::vector<std::string> command, const std::string& log) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, log.c_str(),
                                   O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t signals;
  sigemptyset(&signals);
  posix_spawnattr_setsigmask(&attributes, &signals);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK);
  std::vector<char*> argv;
  for (std::string& argument : command) argv.push_back(argument.data());
  argv.push_back(nullptr);
  pid_t pid = 0;
  const int error = ::posix_spawn(&pid, argv[0], &files, &attributes, argv.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  if (error == 0) return pid;
  return absl::UnavailableError(command[0] + ": " + std::strerror(error) +
                                " (set XP_WORKER to where xpworker is)");
}

}  // namespace

absl::StatusOr<Tracker> Tracker::Start(const RunRecord& record, const std::string& server) {
  const absl::StatusOr<pid_t> pid = Spawn(
      {runner::ProgramBeside("XP_WORKER", "xpworker"), "--server", server, "--work-dir",
       record.WorkerFolder(), "--name", "run-" + record.id, "--gpus", "none", "--slots", "1",
       "--label", std::string(kRunLabel) + "=" + record.id, "--adopt", record.Attempt().path()},
      record.WorkerLog());
  if (!pid.ok()) return pid.status();
  client::FileDescriptor handle(static_cast<int>(::syscall(SYS_pidfd_open, *pid, 0)));
  if (handle.ok()) return Tracker(*pid, std::move(handle));
  ::kill(*pid, SIGTERM);
  return absl::UnavailableError("xpworker: it cannot be watched (pidfd_open)");
}

bool Tracker::IsTracked(const RunRecord& record) {
  const auto lock = runner::LookAtLock(record.WorkerFolder() + "/lock");
  return lock.ok() && *lock == runner::LockState::kHeld;
}

std::optional<int> Tracker::Ended(absl::Duration timeout) {
  if (code_) return code_;
  pollfd wait{handle_.get(), POLLIN, 0};
  if (::poll(&wait, 1, static_cast<int>(absl::ToInt64Milliseconds(timeout))) <= 0) return {};
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) != pid_) return {};
  code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return code_;
}

void Tracker::End() {
  if (code_) return;
  ::kill(pid_, SIGTERM);
  if (Ended(kEndPatience)) return;
  ::kill(pid_, SIGKILL);
  Ended(kEndPatience);
}

}  // namespace xp::xpctl
