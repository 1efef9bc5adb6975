#include "worker/trainer/cli/command.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>

namespace xp::trainer {

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
