#include "client/xpctl/source/child_output.h"

#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "client/cpp/file_descriptor.h"
#include "worker/runner/spawn.h"

namespace xp::xpctl {

absl::StatusOr<std::string> ChildOutput(const std::vector<std::string>& argv, size_t max_bytes) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return absl::FailedPreconditionError("no pipe");
  const client::FileDescriptor reader(ends[0]);
  absl::StatusOr<pid_t> pid;
  {
    const client::FileDescriptor writer(ends[1]);
    pid = runner::Spawn({.command = argv, .environment = {}, .output = writer.get()});
  }
  if (!pid.ok()) return absl::NotFoundError(absl::StrCat(argv[0], ": cannot be started"));
  std::string output;
  std::array<char, 65536> buffer;
  while (output.size() <= max_bytes) {
    const ssize_t got = ::read(reader.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    output.append(buffer.data(), static_cast<size_t>(got));
  }
  if (output.size() > max_bytes) ::kill(*pid, SIGKILL);
  int status = 0;
  while (::waitpid(*pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (output.size() > max_bytes) {
    return absl::FailedPreconditionError(
        absl::StrCat(argv[0], ": wrote more than ", max_bytes, " bytes"));
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return absl::FailedPreconditionError(absl::StrCat(argv[0], ": failed"));
  }
  return output;
}

}  // namespace xp::xpctl
