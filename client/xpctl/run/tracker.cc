#include "client/xpctl/run/tracker.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "client/cpp/system_error.h"
#include "client/xpctl/run/run_request.h"
#include "worker/runner/folder_lock.h"
#include "worker/runner/runner_control.h"
#include "worker/runner/spawn.h"

namespace xp::xpctl {
namespace {

constexpr absl::Duration kEndPatience = absl::Seconds(5);  // after SIGTERM

absl::StatusOr<pid_t> StartWorker(std::vector<std::string> command, const std::string& file) {
  const client::FileDescriptor log(
      ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!log.ok()) return client::SystemError(errno, file);
  const absl::StatusOr<pid_t> pid =
      runner::Spawn({.command = std::move(command),
                     .environment = {},
                     .output = log.get(),
                     .errors = log.get(),
                     .group = runner::SpawnOptions::Group::kOwnSession});
  if (pid.ok()) return pid;
  return absl::UnavailableError(std::string(pid.status().message()) +
                                " (set XP_WORKER to where xpworker is)");
}

}  // namespace

absl::StatusOr<Tracker> Tracker::Start(const RunRecord& record, const std::string& server) {
  const absl::StatusOr<pid_t> pid = StartWorker(
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
