#include "worker/trainer/cli/command.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <iostream>

#include "worker/trainer/files.h"

namespace xp::trainer {
namespace {

// Lower case, with dashes.
void NormalizeName(std::string::iterator begin, std::string::iterator end) {
  std::transform(begin, end, begin, [](char c) {
    return c == '_' ? '-' : c >= 'A' && c <= 'Z' ? char(c + 32) : c;
  });
}

class FreeNamesConfig final : public CLI::ConfigTOML {
 public:
  std::vector<CLI::ConfigItem> from_config(std::istream& in) const override {
    std::vector<CLI::ConfigItem> read = CLI::ConfigTOML::from_config(in);
    for (CLI::ConfigItem& item : read) NormalizeName(item.name.begin(), item.name.end());
    return read;
  }
};

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

std::vector<std::string> NormalizeArguments(int argc, char** argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  for (std::string& argument : arguments) {
    if (argument == "--") break;
    if (!argument.starts_with("--")) continue;
    const auto end = argument.begin() + long(std::min(argument.find('='), argument.size()));
    NormalizeName(argument.begin(), end);
  }
  return arguments;
}

absl::Status FlushStdout() {
  errno = 0;
  if (std::cout << std::flush) return absl::OkStatus();
  if (errno == 0) return absl::UnavailableError("cannot write to stdout");
  return ErrnoStatus("cannot write to", "stdout");
}

std::shared_ptr<CLI::Config> ConfigFormat() { return std::make_shared<FreeNamesConfig>(); }

CLI::Option* TakeWordsAsTheyAre(CLI::Option* option) {
  constexpr int kMore = 1 << 20;  // than there are: as long as it waits for more it asks no further
  return option->take_all()->expected(kMore, -1)->allow_extra_args(false);
}

void SayIfNot(const absl::Status& status) {
  if (!status.ok()) std::cerr << "xptrain: " << std::string(status.message()) << std::endl;
}

void SayWarning(const std::string& warning) {
  if (!warning.empty()) std::cerr << "xptrain: warning: " << warning << std::endl;
}

ProgressStyle StderrStyle() {
  const std::string terminal = FromEnvironment("TERM");
  if (terminal.empty() || terminal == "dumb") return ProgressStyle::kLines;  // cannot erase a row
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
