// AttemptLoop: what it does in each phase.
#include <absl/strings/str_cat.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <algorithm>
#include <utility>

#include "proto/status.h"
#include "worker/capture/clean_text.h"
#include "worker/daemon/artifacts.h"
#include "worker/daemon/attempt_end.h"
#include "worker/daemon/attempt_loop.h"
#include "worker/daemon/message_file.h"
#include "worker/daemon/proto_time.h"

namespace xp::daemon {
namespace {

// What the server takes; also keeps a slip (milliseconds for seconds) from overflowing.
constexpr absl::Duration kLongestPromise = absl::Hours(1);
// Reports of one source in one go, so that mail is looked at in between.
constexpr int kReportsAtOnce = 16;

}  // namespace

void AttemptLoop::PassStop() {
  if (!stop_.has_value() || stop_->passed) return;
  const absl::Status status =
      runner::RequestStop(record_.paths.Runner(), stop_->grace, stop_->word);
  if (status.ok()) {
    stop_->passed = true;
  } else {
    spdlog::error("{}: stop: {}; trying again", label_, FormatStatus(status));
  }
}

void AttemptLoop::Watch() {
  PassStop();
  auto state = runner::Probe(record_.paths.Runner());
  if (!state.ok()) {
    if (!NothingCanRun(state.status())) return;
    return End(ExitedWithout(record_.id(), v1::WORKER_FAULT, FormatStatus(state.status()),
                             host_.clock.Now()));
  }
  if (!discard_) Pump(capture::LogEnd::kMayGrow);
  switch (state->phase) {
    case runner::RunnerPhase::kRunning:
      return;
    case runner::RunnerPhase::kOrphaned:
      return WatchOrphan(*state);
    case runner::RunnerPhase::kExited:
      spdlog::info("{}: {}", label_, runner::DescribeExit(*state->exit));
      return End(ExitedMessage(record_.id(), *state->exit, log_->End()));
    case runner::RunnerPhase::kNotStarted:
    case runner::RunnerPhase::kVanished:
      return End(ExitedWithout(record_.id(), v1::WORKER_FAULT,
                               "its runner was killed: how the program ended is not known",
                               host_.clock.Now()));
  }
}

void AttemptLoop::WatchOrphan(const runner::RunnerState& state) {
  {
    MutexLock lock(mutex_);
    if (held_.phase() != v1::HeldAttempt::UNWATCHED) {
      spdlog::error("{}: its runner was killed, the program goes on; it is watched until it ends",
                    label_);
      held_.set_phase(v1::HeldAttempt::UNWATCHED);
    }
  }
  // Nobody else keeps its time limit now.
  const v1::Assignment& assignment = record_.assignment;
  const absl::Duration age = host_.since_boot() - runner::StartSinceBoot(*state.command);
  if (!kill_orphan_at_.has_value() && assignment.has_time_left() &&
      age > FromProto(assignment.time_left())) {
    kill_orphan_at_ = host_.clock.Monotonic() + Grace();
  }
  if (!kill_orphan_at_.has_value()) return;
  absl::Status status;
  if (host_.clock.Monotonic() >= *kill_orphan_at_) {
    status = runner::KillOrphan(state);
  } else if (!std::exchange(told_orphan_, true)) {  // once: a second SIGTERM often means "at once"
    status = runner::SendGroupSignal(*state.command, SIGTERM);
  }
  if (!status.ok()) spdlog::debug("{}: {}", label_, FormatStatus(status));
}

bool AttemptLoop::NothingCanRun(const absl::Status& probe) {
  if (absl::IsNotFound(probe)) return true;  // the folder was removed under it
  // Too many open files, an I/O error: that says nothing about the run. A damaged file does once no
  // runner holds the folder.
  const auto lock = runner::LookAtLock(record_.paths.Runner().LockFile());
  const bool free = lock.ok() && *lock == runner::LockState::kFree;
  if (absl::IsDataLoss(probe) && free) return true;
  SayState(absl::StrCat("its folder cannot be read: ", FormatStatus(probe)));
  return false;
}

void AttemptLoop::Pump(capture::LogEnd end) {
  const bool may = stream_ != 0 && unreportable_.empty() && host_.clock.Monotonic() >= not_before_;
  const auto pump = [&](auto& source, auto& other) {
    for (int i = 0; i < kReportsAtOnce && may; ++i) {
      auto report = source.Next(end, other.window().bytes_in_flight());
      if (!report.ok()) {
        spdlog::warn("{}: {}", label_, FormatStatus(report.status()));
        return;
      }
      if (!report->has_value()) return;
      v1::WorkerMessage message;
      *message.mutable_report() = **std::move(report);
      *message.mutable_report()->mutable_attempt() = record_.id();
      if (!Say(std::move(message))) return;  // the next stream tells where to go on
    }
  };
  pump(*metrics_, *log_);  // the small one first: the log would take all the room
  pump(*log_, *metrics_);
  PassPromise();
  log_->PunchHoles();
}

void AttemptLoop::PassPromise() {
  const std::optional<absl::Duration> promise = metrics_->TakePromise();
  if (!promise.has_value()) return;
  {
    MutexLock lock(mutex_);
    silent_until_ = host_.clock.Monotonic() + std::min(*promise, kLongestPromise);
  }
  // Now: the next heartbeat may come too late.
  v1::WorkerMessage message;
  *message.mutable_heartbeat() = MakeHeartbeat();
  Say(std::move(message));
}

void AttemptLoop::AddEnds(google::protobuf::RepeatedPtrField<v1::SourceOffset>* ends) {
  const SourcePosition held_log = log_->window().held();
  const SourcePosition held_metrics = metrics_->window().held();
  v1::SourceOffset& log = *ends->Add();
  log.set_source(v1::SOURCE_KIND_LOG);
  log.set_offset(unreportable_.empty() ? log_->End() : held_log.position.offset);
  if (!metrics_->Exists()) return;
  const SourcePosition end = unreportable_.empty() ? metrics_->End() : held_metrics;
  v1::SourceOffset& metrics = *ends->Add();
  metrics.set_source(v1::SOURCE_KIND_METRICS_FILE);
  metrics.set_generation(end.generation);
  metrics.set_offset(end.position.offset);
}

void AttemptLoop::End(v1::Exited exited) {
  if (discard_) return GetOver();
  if (host_.clock.Monotonic() < next_try_) return;
  if (!unreportable_.empty()) {
    exited.set_reason(v1::WORKER_FAULT);
    exited.set_message(unreportable_);
  }
  AddEnds(exited.mutable_ends());
  absl::Status status = absl::OkStatus();
  if (folder_.has_value()) {  // nothing has begun, and from here on nothing will
    status = runner::CallOff(record_.paths.Runner(), *folder_, v1::EndReason_Name(exited.reason()),
                             exited.message(), host_.clock.Now());
    if (status.ok()) folder_.reset();
  }
  if (status.ok()) status = WriteMessage(record_.paths.Exited(), exited);
  if (absl::IsNotFound(status)) {
    // The folder was removed under us, and nothing of it can come back.
    exited.set_reason(v1::WORKER_FAULT);
    exited.set_message(absl::StrCat("its folder was removed while it ran: ", FormatStatus(status)));
  } else if (!status.ok()) {
    spdlog::error("{}: {}; trying again", label_, FormatStatus(status));
    next_try_ = host_.clock.Monotonic() + kTryAgain;
    return;  // the runner's own record is still there
  }
  if (!exited.message().empty()) spdlog::info("{}: {}", label_, exited.message());
  record_.exited = std::move(exited);
  SetPhase(Phase::kDrain);
  v1::WorkerMessage message;
  *message.mutable_exited() = *record_.exited;
  Say(std::move(message));
}

void AttemptLoop::Drain() {
  if (stream_ == 0) return;
  Pump(capture::LogEnd::kFinal);
  if (!unreportable_.empty() || (log_->Done() && metrics_->Done())) SetPhase(Phase::kUpload);
}

absl::StatusOr<std::string> AttemptLoop::UploadAll() {
  XP_ASSIGN_OR_RETURN(const std::string missing, FinishSnapshot());
  const absl::StatusOr<std::string> left_out = UploadArtifacts(
      host_.client, record_.id(), record_.paths, [this] { return mailbox_.Urgent(); });
  switch (left_out.status().code()) {
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kResourceExhausted:
      return left_out.status();
    default:
      break;
  }
  const std::string rest = left_out.ok() ? *left_out : FormatStatus(left_out.status());
  return absl::StrCat(missing, missing.empty() || rest.empty() ? "" : "; ", rest);
}

void AttemptLoop::Upload() {
  const absl::Duration now = host_.clock.Monotonic();
  if (stream_ == 0 || now < next_try_ || now < not_before_) return;
  const absl::StatusOr<std::string> problem = UploadAll();
  if (absl::IsCancelled(problem.status())) return;
  if (!problem.ok()) {
    spdlog::warn("{}: artifacts: {}; trying again", label_, FormatStatus(problem.status()));
    next_try_ = now + kTryAgain;
    return;
  }
  if (!problem->empty()) spdlog::warn("{}: artifacts are missing: {}", label_, *problem);
  v1::Finished finished;
  *finished.mutable_attempt() = record_.id();
  // It names files, and a name may be any bytes; a message may not.
  finished.set_artifact_problem(capture::ReplaceInvalidUtf8(*problem));
  AddEnds(finished.mutable_ends());
  const absl::Status status = WriteMessage(record_.paths.Finished(), finished);
  if (!status.ok() && !absl::IsNotFound(status)) {  // without its folder it is told all the same
    spdlog::error("{}: {}; trying again", label_, FormatStatus(status));
    next_try_ = now + kTryAgain;
    return;
  }
  record_.finished = std::move(finished);
  SetPhase(Phase::kFinished);
}

}  // namespace xp::daemon
