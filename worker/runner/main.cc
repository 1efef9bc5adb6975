// xprunner FOLDER: runs the attempt whose attempt.json lies in FOLDER, detached. Returns when the
// command was started or could not be (exit codes below); the run goes on in the background.
// Started by xp::runner::StartRunner, with its standard streams on FOLDER/runner.log.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string>
#include <string_view>

#include "proto/clock.h"
#include "worker/runner/exit_codes.h"
#include "worker/runner/supervisor.h"

namespace {

using xp::runner::ExitCode;

// The background half: says over `ready` how the start went, then lives as long as the run.
int Supervise(const std::string& folder, int ready) {
  const auto tell = [&](ExitCode code) {
    const char byte = static_cast<char>(code);
    [[maybe_unused]] const ssize_t n = write(ready, &byte, 1);
    close(ready);
    return code;
  };
  setsid();
  xp::SystemClock clock;
  xp::runner::Supervisor supervisor{xp::runner::AttemptFolder(folder), clock};
  if (absl::Status status = supervisor.Start(); !status.ok()) {
    spdlog::error("{}", std::string(status.message()));
    return tell(absl::IsFailedPrecondition(status) ? ExitCode::kFolderUsed : ExitCode::kNotStarted);
  }
  tell(ExitCode::kStarted);
  if (absl::Status status = supervisor.Run(); !status.ok()) {
    spdlog::error("exit: {}", std::string(status.message()));
    return 1;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "--version") {
    puts("xprunner " XP_VERSION);
    return 0;
  }
  if (argc != 2 || argv[1][0] != '/') {
    fputs(
        "usage: xprunner FOLDER | --version\n"
        "FOLDER is the absolute path of an attempt's folder with its attempt.json.\n"
        "xpworker and 'xpctl run' start it; see docs/attempt-folder.md.\n",
        stderr);
    return argc == 2 && std::string_view(argv[1]) == "--help" ? 0 : ExitCode::kUsage;
  }
  // Whatever our parent had open must not be held open by a run of many days.
  syscall(SYS_close_range, 3, ~0U, 0);
  spdlog::set_default_logger(spdlog::stderr_logger_st("xprunner"));
  signal(SIGPIPE, SIG_IGN);
  int ready[2];
  if (pipe2(ready, O_CLOEXEC) != 0) return ExitCode::kNotStarted;
  const pid_t background = fork();
  if (background < 0) return ExitCode::kNotStarted;
  if (background == 0) {
    close(ready[0]);
    return Supervise(argv[1], ready[1]);
  }
  close(ready[1]);
  char byte = static_cast<char>(ExitCode::kNotStarted);
  while (read(ready[0], &byte, 1) < 0 && errno == EINTR) {
  }
  return byte;
}
