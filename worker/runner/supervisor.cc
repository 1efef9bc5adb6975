#include "worker/runner/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "worker/runner/descendants.h"
#include "worker/runner/oom_counter.h"
#include "worker/runner/pid_file.h"
#include "worker/runner/stop_request.h"

namespace xp::runner {
namespace {

// The log's growth is noted at most this often.
constexpr absl::Duration kNoteEvery = absl::Milliseconds(50);
// A look at the folder though nothing was reported, and where there is no watch.
constexpr absl::Duration kLookEvery = absl::Seconds(1);
constexpr absl::Duration kLookEveryWithoutWatch = absl::Milliseconds(50);
// A process that SIGKILL does not end in this time hangs in the kernel: the runner stops waiting.
constexpr absl::Duration kKillPatience = absl::Seconds(60);
constexpr absl::Duration kDescendantLook = absl::Milliseconds(20);

}  // namespace

absl::Status Supervisor::Start() {
  if (absl::Status status = TakeFolder(); !status.ok()) return status;
  if (absl::Status status = OpenSignals(); !status.ok()) return status;
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) return ErrnoStatus(errno, "subreaper");
  // The log stays when it is there: nothing was written to it, for the command never ran.
  UniqueFd log(open(folder_.LogFile().c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644));
  if (!log.valid()) return ErrnoStatus(errno, folder_.LogFile());
  auto guard = LogGuard::Open(folder_.LogFile());
  if (!guard.ok()) return guard.status();
  guard_.emplace(*std::move(guard));
  unlink(folder_.LogTimesFile().c_str());  // left by a runner that died before it started anything
  auto times = LogTimesWriter::Create(folder_.LogTimesFile());
  if (!times.ok()) return times.status();
  times_.emplace(*std::move(times));
  watch_.emplace(folder_);
  oom_kills_before_ = ReadOomKills().value_or(0);

  auto child = ChildProcess::ForkHeld(spec_, log.get());
  if (!child.ok()) return child.status();
  command_ = child->pid();
  auto runner_identity = IdentifyProcess(getpid());
  if (!runner_identity.ok()) return runner_identity.status();
  auto command_identity = IdentifyProcess(command_);
  if (!command_identity.ok()) return command_identity.status();
  const PidInfo info{.runner = *runner_identity, .command = *command_identity};
  // On an error the held child ends by itself, as its gate closes.
  if (absl::Status status = WriteFileDurably(folder_.PidFile(), PidInfoToJson(info));
      !status.ok()) {
    return status;
  }
  started_ = clock_.Monotonic();
  record_.start_time_ms = NowMs();
  start_failure_ = child->Release(spec_);
  return absl::OkStatus();
}

absl::Status Supervisor::TakeFolder() {
  auto lock = FolderLock::Acquire(folder_.LockFile());
  if (!lock.ok()) return lock.status();
  lock_.emplace(*std::move(lock));
  for (const std::string& file : {folder_.PidFile(), folder_.ExitFile()}) {
    if (access(file.c_str(), F_OK) == 0) {
      return absl::FailedPreconditionError(file + ": this attempt has run before");
    }
  }
  auto text = ReadSmallFile(folder_.SpecFile());
  if (!text.ok()) return text.status();
  auto spec = SpecFromJson(*text);
  if (!spec.ok()) return spec.status();
  spec_ = *std::move(spec);
  return absl::OkStatus();
}

absl::Status Supervisor::OpenSignals() {
  sigset_t taken;
  sigemptyset(&taken);
  for (const int signal_number : {SIGCHLD, SIGTERM, SIGINT, SIGHUP}) {
    sigaddset(&taken, signal_number);
  }
  sigprocmask(SIG_BLOCK, &taken, nullptr);
  signals_.Reset(signalfd(-1, &taken, SFD_NONBLOCK | SFD_CLOEXEC));
  return signals_.valid() ? absl::OkStatus() : ErrnoStatus(errno, "signalfd");
}

absl::Status Supervisor::Run() {
  WatchCommand();
  EndDescendants();
  Classify();
  return WriteExit();
}

void Supervisor::WatchCommand() {
  const absl::Duration look_every = watch_->fd() >= 0 ? kLookEvery : kLookEveryWithoutWatch;
  while (true) {
    ReapChildren();
    if (command_status_.has_value()) return;
    NoteLog();
    TakeStopRequest();
    KeepLimits();
    const absl::Duration now = clock_.Monotonic();
    absl::Duration until = std::min({kill_at_, started_ + spec_.time_limit, now + look_every});
    if (killed_) until = now + look_every;
    Wait(until - now);
  }
}

void Supervisor::Wait(absl::Duration at_most) {
  const absl::Duration quiet = next_note_ - clock_.Monotonic();
  // While the last note is younger than kNoteEvery the watch is not asked: a program that prints
  // without pause would else wake us with each write.
  const bool watching = watch_->fd() >= 0 && quiet <= absl::ZeroDuration();
  if (!watching) at_most = std::min(at_most, std::max(quiet, absl::Milliseconds(1)));
  pollfd fds[2] = {{.fd = signals_.get(), .events = POLLIN},
                   {.fd = watch_->fd(), .events = POLLIN}};
  const int64_t ms = std::clamp<int64_t>(
      absl::ToInt64Milliseconds(absl::Ceil(at_most, absl::Milliseconds(1))), 0, 60'000);
  poll(fds, watching ? 2 : 1, static_cast<int>(ms));
  if (watching) watch_->Drain();
  signalfd_siginfo info;
  while (read(signals_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
    terminated_ |= info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT;
  }
}

void Supervisor::ReapChildren() {
  int status;
  pid_t pid;
  while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
    if (pid != command_) continue;
    command_status_ = status;
    record_.run_time_ms = absl::ToInt64Milliseconds(clock_.Monotonic() - started_);
  }
}

void Supervisor::TakeStopRequest() {
  if (terminated_) {
    terminated_ = false;
    BeginStop(StopCause::kTerminated, spec_.grace, "");
  }
  auto text = ReadSmallFile(folder_.StopFile());
  // The same words again change nothing: their deadline would be the later one.
  if (!text.ok() || *text == stop_request_) return;
  stop_request_ = *text;
  auto request = StopRequestFromJson(*text);
  if (!request.ok()) {
    spdlog::warn("stop.json is not understood and taken as a stop: {}",
                 std::string(request.status().message()));
    request = StopRequest{.grace = spec_.grace};
  }
  BeginStop(StopCause::kRequested, request->grace, request->reason);
}

void Supervisor::BeginStop(StopCause cause, absl::Duration grace, const std::string& reason) {
  kill_at_ = std::min(kill_at_, clock_.Monotonic() + grace);
  if (record_.stop_cause != StopCause::kNone) return;
  record_.stop_cause = cause;
  record_.stop_reason = reason;
  SignalCommand(SIGTERM);
  SignalCommand(SIGCONT);  // a stopped process takes SIGTERM only when it goes on
}

void Supervisor::SignalCommand(int signal) {
  // The command is our child and not reaped yet: neither its pid nor its group can be another's.
  kill(-command_, signal);
  if (getpgid(command_) != command_) kill(command_, signal);
}

void Supervisor::KeepLimits() {
  const absl::Duration now = clock_.Monotonic();
  if (now - started_ >= spec_.time_limit && record_.stop_cause == StopCause::kNone) {
    BeginStop(StopCause::kTimeLimit, spec_.grace, "");
  }
  if (now >= kill_at_ && !killed_) {
    killed_ = true;
    SignalCommand(SIGKILL);
  }
}

void Supervisor::NoteLog() {
  if (clock_.Monotonic() < next_note_) return;
  auto size = guard_->Look();
  const absl::Status status =
      size.ok() ? times_->Add({.offset = *size, .time_ms = NowMs()}) : size.status();
  if (!status.ok()) spdlog::warn("log.times: {}", std::string(status.message()));
  next_note_ = clock_.Monotonic() + kNoteEvery;
}

void Supervisor::EndDescendants() {
  const absl::Duration kill_at = clock_.Monotonic() + spec_.descendant_grace;
  std::set<std::pair<pid_t, int64_t>> told;
  while (true) {
    ReapChildren();
    NoteLog();
    const std::vector<ProcessIdentity> left = FindDescendants(getpid());
    if (left.empty()) break;
    const absl::Duration now = clock_.Monotonic();
    if (now >= kill_at + kKillPatience) {
      record_.descendants_left = static_cast<int64_t>(left.size());
      break;
    }
    std::vector<ProcessIdentity> untold;
    for (const ProcessIdentity& process : left) {
      if (told.insert({process.pid, process.start_ticks}).second) untold.push_back(process);
    }
    SignalAll(untold, SIGTERM);
    SignalAll(untold, SIGCONT);
    if (now >= kill_at) SignalAll(left, SIGKILL);
    Wait(kDescendantLook);
  }
  ReapChildren();  // who died last
  record_.descendants_ended = static_cast<int64_t>(told.size()) - record_.descendants_left;
}

void Supervisor::Classify() {
  next_note_ = absl::ZeroDuration();
  NoteLog();
  record_.end_time_ms = NowMs();
  record_.log_bytes = guard_->Look().value_or(0);
  record_.log_truncations = guard_->truncations();
  record_.oom_kills = std::max<int64_t>(0, ReadOomKills().value_or(0) - oom_kills_before_);
  if (start_failure_.has_value()) {
    record_.reason = start_failure_->reason;
    record_.message = start_failure_->message;
    return;
  }
  const int status = *command_status_;
  record_.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
  record_.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  record_.reason = WIFSIGNALED(status) ? EndReason::kSignal : EndReason::kExit;
  // A shell passes on a child's SIGKILL as 128 + 9.
  const bool killed_by_other = !killed_ && (record_.signal == SIGKILL || record_.exit_code == 137);
  if (killed_by_other && record_.oom_kills > 0) record_.reason = EndReason::kOutOfMemory;
}

absl::Status Supervisor::WriteExit() {
  // `exit` says that the log is whole: that must not be truer before a crash than after it.
  if (absl::Status status = guard_->Sync(); !status.ok()) {
    spdlog::warn("log: {}", std::string(status.message()));
  }
  if (absl::Status status = times_->Sync(); !status.ok()) {
    spdlog::warn("log.times: {}", std::string(status.message()));
  }
  // A full disk may get room again; while we try, our lock says that the end is not told yet.
  while (true) {
    absl::Status status = WriteFileDurably(folder_.ExitFile(), ExitRecordToJson(record_));
    if (status.ok() || absl::IsNotFound(status)) return status;
    spdlog::error("exit: {}; trying again", std::string(status.message()));
    poll(nullptr, 0, 1000);
  }
}

}  // namespace xp::runner
