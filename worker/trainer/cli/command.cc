#include "worker/trainer/cli/command.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <utility>

namespace xp::trainer {
namespace {

// A signal handler can reach nothing that is not global.
std::atomic<bool> stop_requested{false};
static_assert(std::atomic<bool>::is_always_lock_free);

void OnStopSignal(int) { stop_requested.store(true); }

}  // namespace

int ExitCodeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return kExitDone;
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kDataLoss:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kPermissionDenied:
      return kExitInput;
    case absl::StatusCode::kAborted:
      return kExitDiverged;
    case absl::StatusCode::kResourceExhausted:
      return kExitResources;
    case absl::StatusCode::kCancelled:
      return kExitPreempted;
    default:
      return kExitFailed;
  }
}

void KeepStandardStreams() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) >= 0) continue;
    // The lowest free descriptor is this one.
    if (::open("/dev/null", fd == STDERR_FILENO ? O_WRONLY : O_RDONLY) != fd) return;
  }
}

void RestartTuned(char** argv) {
  std::vector<std::pair<const char*, const char*>> wanted = {{"OMP_WAIT_POLICY", "passive"}};
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")) {
    wanted.emplace_back("ATEN_CPU_CAPABILITY", "avx512");
  }
#endif
  bool changed = false;
  for (const auto& [name, value] : wanted) {
    if (std::getenv(name) != nullptr) continue;
    changed = ::setenv(name, value, 1) == 0 || changed;
  }
  if (!changed) return;
  std::error_code error;  // by its name, so that process lists show it
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (!error) ::execv(program.c_str(), argv);
}

const std::atomic<bool>& CatchStopSignals() {
  struct sigaction action {};
  action.sa_handler = OnStopSignal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = int(SA_RESETHAND) | SA_RESTART;
  ::sigaction(SIGTERM, &action, nullptr);
  ::sigaction(SIGINT, &action, nullptr);
  return stop_requested;
}

std::vector<std::string> NormalizeArguments(int argc, char** argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  for (std::string& argument : arguments) {
    if (argument == "--") break;
    if (!argument.starts_with("--")) continue;
    const auto end = argument.begin() + long(std::min(argument.find('='), argument.size()));
    std::transform(argument.begin(), end, argument.begin(), [](char c) {
      return c == '_' ? '-' : c >= 'A' && c <= 'Z' ? char(c + 32) : c;
    });
  }
  return arguments;
}

void SayIfNot(const absl::Status& status) {
  if (!status.ok()) std::cerr << "xptrain: " << std::string(status.message()) << std::endl;
}

void SayWarning(const std::string& warning) {
  if (!warning.empty()) std::cerr << "xptrain: warning: " << warning << std::endl;
}

ProgressStyle StderrStyle() {
  return ::isatty(STDERR_FILENO) ? ProgressStyle::kBar : ProgressStyle::kLines;
}

Now SteadyNow() {
  return [] { return std::chrono::steady_clock::now(); };
}

std::string FromEnvironment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace xp::trainer
