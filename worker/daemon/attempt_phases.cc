// AttemptLoop: what it does in each phase.
#include <absl/strings/str_cat.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "proto/status.h"
#include "worker/daemon/artifacts.h"
#include "worker/daemon/attempt_end.h"
#include "worker/daemon/attempt_loop.h"
#include "worker/daemon/message_file.h"
#include "worker/daemon/proto_time.h"

namespace xp::daemon {
namespace {

// Between two tries of what failed for now.
constexpr absl::Duration kTryAgain = absl::Seconds(2);
// Reports of one source in one go, so that mail is looked at in between.
constexpr int kReportsAtOnce = 16;

}  // namespace

void AttemptLoop::Prepare() {
  if (host_.clock.Monotonic() < next_try_) return;
  const PrepareOptions options{.cancelled = [this] { return mailbox_.Urgent(); },
                               .say = [this](const std::string& what) { SayState(what); }};
  auto workspace =
      PrepareWorkspace(host_.work, record_.paths, record_.assignment, host_.cache, options);
  if (!workspace.ok()) {
    const std::string message = FormatStatus(workspace.status());
    switch (FaultOf(workspace.status())) {
      case PrepareFault::kCancelled:
        return;
      case PrepareFault::kTryAgain:
        spdlog::warn("{}: {}; trying again", label_, message);
        next_try_ = host_.clock.Monotonic() + kTryAgain;
        return;
      case PrepareFault::kInput:
        return End(ExitedWithout(record_.id(), v1::INPUT, message, host_.clock.Now()));
      case PrepareFault::kWorker:
        return End(ExitedWithout(record_.id(), v1::WORKER_FAULT, message, host_.clock.Now()));
    }
  }
  auto training = MakeTrainingSpec(record_.assignment, record_.paths, *workspace, host_.machine);
  if (!training.ok()) {
    return End(
        ExitedWithout(record_.id(), v1::INPUT, FormatStatus(training.status()), host_.clock.Now()));
  }
  for (const std::string& note : training->notes) SayState(note);
  if (!workspace->checkpoint_note.empty()) {
    v1::WorkerMessage message;
    *message.mutable_accepted()->mutable_attempt() = record_.id();
    message.mutable_accepted()->set_checkpoint_note(workspace->checkpoint_note);
    Say(std::move(message));
  }
  const absl::Status started =
      runner::StartRunner(host_.runner_binary, record_.paths.Runner(), training->runner);
  if (!started.ok()) {
    return End(
        ExitedWithout(record_.id(), v1::WORKER_FAULT, FormatStatus(started), host_.clock.Now()));
  }
  NoteStarted(record_.assignment.spec().resume() && workspace->has_checkpoint);
  spdlog::info("{}: started", label_);
  SetPhase(Phase::kRun);
  BeginSnapshot();
}

void AttemptLoop::BeginSnapshot() {
  SnapshotFacts facts{.host = host_.name, .driver = host_.gpu_driver, .lists = host_.package_lists};
  for (const v1::Slot& slot : host_.machine.slots) {
    for (const int index : record_.assignment.slots()) {
      if (slot.index() == index) facts.slots.push_back(slot);
    }
  }
  for (const auto& [name, value] : host_.machine.inherited) {
    facts.environment.push_back(absl::StrCat(name, "=", value));
  }
  snapshot_ = std::thread([paths = record_.paths, assignment = record_.assignment, facts] {
    const absl::Status status = WriteEnvironmentSnapshot(paths, assignment, facts);
    if (!status.ok()) spdlog::warn("environment snapshot: {}", FormatStatus(status));
  });
}

void AttemptLoop::FinishSnapshot() {
  // A daemon that died may have left the record unwritten.
  const bool written =
      access((record_.paths.Environment() + "/environment.json").c_str(), F_OK) == 0;
  if (!snapshot_.joinable() && !written && record_.started.has_value()) BeginSnapshot();
  if (snapshot_.joinable()) snapshot_.join();
}

void AttemptLoop::NoteStarted(bool resumed) {
  v1::Started started;
  *started.mutable_attempt() = record_.id();
  *started.mutable_time() = ToProto(host_.clock.Now());
  started.set_resumed(resumed);
  absl::Status status = WriteMessage(record_.paths.Started(), started);
  if (!status.ok()) spdlog::warn("{}: {}", label_, FormatStatus(status));
  record_.started = started;
  v1::WorkerMessage message;
  *message.mutable_started() = started;
  Say(std::move(message));
}

void AttemptLoop::Watch() {
  auto state = runner::Probe(record_.paths.Runner());
  if (!state.ok()) {
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
      return End(ExitedMessage(record_.id(), *state->exit));
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
  if (!kill_orphan_at_.has_value()) return;
  const bool kill = host_.clock.Monotonic() >= *kill_orphan_at_;
  const absl::Status status =
      kill ? runner::KillOrphan(state) : runner::SendGroupSignal(*state.command, SIGTERM);
  if (!status.ok()) spdlog::debug("{}: {}", label_, FormatStatus(status));
}

void AttemptLoop::Pump(capture::LogEnd end) {
  const bool may = stream_ != 0 && unreportable_.empty() && host_.clock.Monotonic() >= not_before_;
  const auto pump = [&](auto& source) {
    for (int i = 0; i < kReportsAtOnce && may; ++i) {
      auto report = source.Next(end);
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
  pump(*log_);
  pump(*metrics_);
  log_->PunchHoles();
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
  absl::Status status = WriteMessage(record_.paths.Exited(), exited);
  if (!status.ok()) {
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

void AttemptLoop::Upload() {
  const absl::Duration now = host_.clock.Monotonic();
  if (stream_ == 0 || now < next_try_ || now < not_before_) return;
  FinishSnapshot();
  auto problem = UploadArtifacts(host_.client, record_.id(), record_.paths,
                                 [this] { return mailbox_.Urgent(); });
  switch (problem.status().code()) {
    case absl::StatusCode::kCancelled:
      return;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kResourceExhausted:
      spdlog::warn("{}: artifacts: {}; trying again", label_, FormatStatus(problem.status()));
      next_try_ = now + kTryAgain;
      return;
    default:
      break;
  }
  v1::Finished finished;
  *finished.mutable_attempt() = record_.id();
  finished.set_artifact_problem(problem.ok() ? *problem : FormatStatus(problem.status()));
  AddEnds(finished.mutable_ends());
  absl::Status status = WriteMessage(record_.paths.Finished(), finished);
  if (!status.ok()) {
    spdlog::error("{}: {}; trying again", label_, FormatStatus(status));
    next_try_ = now + kTryAgain;
    return;
  }
  record_.finished = std::move(finished);
  SetPhase(Phase::kFinished);
}

}  // namespace xp::daemon
