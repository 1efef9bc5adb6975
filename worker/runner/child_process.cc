#include "worker/runner/child_process.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <vector>

namespace xp::runner {
namespace {

enum class Stage : int { kWorkingDir, kSetUp, kExec };

struct FailedStep {
  Stage stage;
  int error;
};

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

[[noreturn]] void Fail(int report, Stage stage) {
  const FailedStep step{stage, errno};
  // A reader that is gone has no use for the answer.
  [[maybe_unused]] const ssize_t n = write(report, &step, sizeof step);
  _exit(127);
}

// What runs in the child, between fork and exec.
[[noreturn]] void BecomeCommand(const RunnerSpec& spec, int log_fd, int gate, int report) {
  setpgid(0, 0);
  char byte;
  ssize_t n;
  do {
    n = read(gate, &byte, 1);
  } while (n < 0 && errno == EINTR);
  if (n != 1) _exit(127);  // the runner died before it let us go

  // A new program keeps ignored signals and the blocked ones: it shall meet them as from a shell.
  for (int signal_number = 1; signal_number < NSIG; ++signal_number) {
    signal(signal_number, SIG_DFL);
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);

  const int null = open("/dev/null", O_RDONLY);
  if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(log_fd, STDOUT_FILENO) < 0 ||
      dup2(log_fd, STDERR_FILENO) < 0) {
    Fail(report, Stage::kSetUp);
  }
  // Everything else of ours is close-on-exec; `null` is not when it became 3 or more.
  if (null > STDERR_FILENO) close(null);
  if (chdir(spec.working_dir.c_str()) != 0) Fail(report, Stage::kWorkingDir);

  std::vector<char*> argv = Pointers(spec.argv);
  std::vector<char*> env = Pointers(spec.env);
  environ = env.data();  // execvp looks PATH up in it
  execvp(argv[0], argv.data());
  Fail(report, Stage::kExec);
}

std::string PathOf(const RunnerSpec& spec) {
  for (const std::string& variable : spec.env) {
    if (absl::StartsWith(variable, "PATH=")) return variable.substr(5);
  }
  return "(not set)";
}

StartFailure ExplainExec(const RunnerSpec& spec, int error) {
  const std::string& name = spec.argv[0];
  const bool has_path = absl::StrContains(name, "/");
  const std::string where = has_path && name[0] != '/' ? spec.working_dir + "/" + name : name;
  StartFailure failure{.reason = EndReason::kNotFound};
  if (error == ENOENT && !has_path) {
    failure.message = absl::StrCat("command \"", name, "\": not found in PATH=", PathOf(spec));
  } else if (error == ENOENT && access(where.c_str(), F_OK) == 0) {
    failure.message = absl::StrCat("command \"", where, "\": is there, but the interpreter that ",
                                   "its first line names is not");
  } else if (error == ENOENT || error == ENOTDIR) {
    failure.message = absl::StrCat("command \"", where, "\": no such file");
  } else if (error == EACCES) {
    failure.message = absl::StrCat("command \"", has_path ? where : name,
                                   "\": cannot be executed (is it a program, with chmod +x?)");
  } else if (error == E2BIG) {
    failure.reason = EndReason::kStartFailed;
    failure.message = "command line and environment together are too long for this system";
  } else {
    failure.message = absl::StrCat("command \"", name, "\": ", strerror(error));
  }
  return failure;
}

}  // namespace

absl::StatusOr<ChildProcess> ChildProcess::ForkHeld(const RunnerSpec& spec, int log_fd) {
  int gate[2], report[2];
  if (pipe2(gate, O_CLOEXEC) != 0) return ErrnoStatus(errno, "pipe");
  UniqueFd gate_read(gate[0]), gate_write(gate[1]);
  if (pipe2(report, O_CLOEXEC) != 0) return ErrnoStatus(errno, "pipe");
  UniqueFd report_read(report[0]), report_write(report[1]);
  const pid_t pid = fork();
  if (pid < 0) return ErrnoStatus(errno, "fork");
  if (pid == 0) {
    gate_write.Reset(-1);  // else the child would hold open what shall tell it of our death
    report_read.Reset(-1);
    BecomeCommand(spec, log_fd, gate_read.get(), report_write.get());
  }
  setpgid(pid, pid);  // both sides do it: whichever comes first
  return ChildProcess(pid, std::move(gate_write), std::move(report_read));
}

std::optional<StartFailure> ChildProcess::Release(const RunnerSpec& spec) {
  if (absl::Status status = WriteAll(gate_.get(), "g"); !status.ok()) {
    return StartFailure{.message = "the child was gone before it ran"};
  }
  FailedStep step;
  ssize_t n;
  do {
    n = read(report_.get(), &step, sizeof step);
  } while (n < 0 && errno == EINTR);
  if (n != static_cast<ssize_t>(sizeof step)) return std::nullopt;
  switch (step.stage) {
    case Stage::kWorkingDir:
      return StartFailure{.message = absl::StrCat("working directory ", spec.working_dir, ": ",
                                                  strerror(step.error))};
    case Stage::kSetUp:
      return StartFailure{.message = absl::StrCat("standard streams: ", strerror(step.error))};
    case Stage::kExec:
      return ExplainExec(spec, step.error);
  }
  return std::nullopt;
}

}  // namespace xp::runner
