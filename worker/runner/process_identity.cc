#include "worker/runner/process_identity.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <vector>

#include "worker/runner/file_io.h"

namespace xp::runner {
namespace {

// /proc/PID/stat counts its fields from 1; these follow the ")" that ends field 2.
constexpr size_t kStateField = 3;
constexpr size_t kParentField = 4;
constexpr size_t kGroupField = 5;
constexpr size_t kStartField = 22;

absl::Status Gone(pid_t pid) {
  return absl::NotFoundError(absl::StrCat("process ", pid, " is gone"));
}

bool IsDead(char state) { return state == 'Z' || state == 'X' || state == 'x'; }

// OK when the process that has the pid now is the one meant.
absl::Status CheckSame(const ProcessIdentity& identity) {
  auto now = IdentifyProcess(identity.pid);
  if (!now.ok()) return now.status();
  return *now == identity ? absl::OkStatus() : Gone(identity.pid);
}

}  // namespace

absl::StatusOr<ProcessStat> ParseProcessStat(std::string_view text) {
  const size_t open = text.find('(');
  const size_t close = text.rfind(')');  // the name itself may hold any of "() "
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) {
    return absl::InvalidArgumentError("/proc/PID/stat: no command name in parentheses");
  }
  const std::string head(text.substr(0, open));
  const std::string tail(text.substr(close + 1));
  const std::vector<std::string> fields = absl::StrSplit(tail, ' ', absl::SkipWhitespace());
  const auto field = [&](size_t number) -> const std::string& { return fields[number - 3]; };
  ProcessStat stat;
  if (fields.size() <= kStartField - 3 || field(kStateField).size() != 1 ||
      !absl::SimpleAtoi(head, &stat.pid) || !absl::SimpleAtoi(field(kParentField), &stat.parent) ||
      !absl::SimpleAtoi(field(kGroupField), &stat.group) ||
      !absl::SimpleAtoi(field(kStartField), &stat.start_ticks)) {
    return absl::InvalidArgumentError("/proc/PID/stat: fields are missing or no numbers");
  }
  stat.state = field(kStateField)[0];
  return stat;
}

absl::StatusOr<ProcessStat> ReadProcessStat(pid_t pid) {
  auto text = ReadSmallFile(absl::StrCat("/proc/", pid, "/stat"));
  // A process that ends while its file is read gives ESRCH.
  if (!text.ok()) return Gone(pid);
  return ParseProcessStat(*text);
}

absl::StatusOr<std::string> ReadBootId() {
  auto text = ReadSmallFile("/proc/sys/kernel/random/boot_id");
  if (!text.ok()) return text.status();
  return std::string(absl::StripAsciiWhitespace(*text));
}

absl::StatusOr<ProcessIdentity> IdentifyProcess(pid_t pid) {
  auto stat = ReadProcessStat(pid);
  if (!stat.ok()) return stat.status();
  auto boot_id = ReadBootId();
  if (!boot_id.ok()) return boot_id.status();
  return ProcessIdentity{
      .pid = pid, .start_ticks = stat->start_ticks, .boot_id = *std::move(boot_id)};
}

absl::Duration SinceBoot() {
  timespec now;
  clock_gettime(CLOCK_BOOTTIME, &now);
  return absl::DurationFromTimespec(now);
}

absl::Duration StartSinceBoot(const ProcessIdentity& identity) {
  return absl::Seconds(1) * identity.start_ticks / sysconf(_SC_CLK_TCK);
}

bool IsAlive(const ProcessIdentity& identity) {
  if (identity.pid <= 0) return false;
  auto stat = ReadProcessStat(identity.pid);
  if (!stat.ok() || stat->start_ticks != identity.start_ticks || IsDead(stat->state)) return false;
  auto boot_id = ReadBootId();
  return boot_id.ok() && *boot_id == identity.boot_id;
}

absl::Status SendSignal(const ProcessIdentity& identity, int signal) {
  if (identity.pid <= 0) return Gone(identity.pid);
  UniqueFd pinned(static_cast<int>(syscall(SYS_pidfd_open, identity.pid, 0)));
  if (!pinned.valid()) {
    return errno == ESRCH ? Gone(identity.pid) : ErrnoStatus(errno, "pidfd_open");
  }
  // From here on the pidfd means one process for ever; only now is it known to be the right one.
  if (absl::Status status = CheckSame(identity); !status.ok()) return status;
  if (syscall(SYS_pidfd_send_signal, pinned.get(), signal, nullptr, 0) == 0) {
    return absl::OkStatus();
  }
  return errno == ESRCH ? Gone(identity.pid) : ErrnoStatus(errno, "pidfd_send_signal");
}

absl::Status SendGroupSignal(const ProcessIdentity& leader, int signal) {
  // 0 and 1 would mean our own group and everybody.
  if (leader.pid <= 1) return Gone(leader.pid);
  if (absl::Status status = CheckSame(leader); !status.ok()) return status;
  if (kill(-leader.pid, signal) == 0) return absl::OkStatus();
  return errno == ESRCH ? Gone(leader.pid) : ErrnoStatus(errno, "kill");
}

}  // namespace xp::runner
