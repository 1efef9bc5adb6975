// AttemptLoop: from an assignment on the disk to a command that runs.
#include <absl/strings/str_cat.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/cpp/blob_download.h"
#include "proto/status.h"
#include "worker/daemon/attempt_end.h"
#include "worker/daemon/attempt_loop.h"
#include "worker/daemon/message_file.h"
#include "worker/daemon/proto_time.h"

namespace xp::daemon {
namespace {

// What the server and this machine cannot give in this time, while they are connected, another
// machine may.
constexpr absl::Duration kPreparePatience = absl::Minutes(5);

// Of a run whose start was not noted: as its runner says, else when the file with its pid appeared.
absl::Time StartTimeOf(const runner::AttemptFolder& folder, const runner::RunnerState& state,
                       Clock& clock) {
  if (state.exit.has_value()) return absl::FromUnixMillis(state.exit->start_time_ms);
  struct stat info;
  if (stat(folder.PidFile().c_str(), &info) != 0) return clock.Now();
  return absl::TimeFromTimespec(info.st_mtim);
}

}  // namespace

void AttemptLoop::TakeUpRunner() {
  auto state = runner::Probe(record_.paths.Runner());
  if (!state.ok()) {
    spdlog::error("{}: {}", label_, FormatStatus(state.status()));
    return SetPhase(Phase::kRun);  // Watch decides
  }
  // A runner without a word in `pid` is just starting, or will not: PREPARE waits for it.
  if (!state->command.has_value() && !state->exit.has_value()) return;
  if (state->command.has_value() && !record_.started.has_value()) {
    NoteStarted(StartTimeOf(record_.paths.Runner(), *state, host_.clock));
    BeginSnapshot();
  }
  spdlog::info("{}: taken up again", label_);
  SetPhase(Phase::kRun);
}

bool AttemptLoop::HoldFolder() {
  if (folder_.has_value()) return true;
  if (host_.clock.Monotonic() < next_try_) return false;
  auto folder = runner::HoldFolder(record_.paths.Runner());
  if (folder.ok()) {
    folder_.emplace(*std::move(folder));
    return true;
  }
  if (absl::IsFailedPrecondition(folder.status())) {
    TakeUpRunner();
    if (phase_ == Phase::kPrepare) SayState("waiting for a runner that has just been started here");
    return false;
  }
  spdlog::error("{}: {}; trying again", label_, FormatStatus(folder.status()));
  next_try_ = host_.clock.Monotonic() + kTryAgain;
  return false;
}

bool AttemptLoop::MayPrepare() {
  if (!HoldFolder()) return false;
  if (discard_) {
    GetOver();
    return false;
  }
  if (stop_.has_value()) {
    EndBeforeStart(stop_->reason, "stopped before its process began");
    return false;
  }
  if (host_.begins == Begins::kElsewhere) {
    EndBeforeStart(v1::WORKER_FAULT, "its command was never begun");
    return false;
  }
  if (host_.clock.Monotonic() < next_try_) return false;
  if (!host_.owner.SlotsAreEmpty(record_.id(), record_.assignment.slots())) {
    SayState("waiting for the process before it on its slots to end");
    return false;
  }
  return true;
}

void AttemptLoop::Prepare() {
  if (!MayPrepare()) return;
  const PrepareOptions options{.cancelled = [this] { return mailbox_.Urgent(); },
                               .say = [this](const std::string& what) { SayState(what); }};
  auto workspace =
      PrepareWorkspace(host_.work, record_.paths, record_.assignment, host_.cache, options);
  if (!workspace.ok()) return OnPrepareFault(workspace.status());
  TrainingMachine machine = host_.machine;
  machine.default_grace = host_.owner.StopGrace();
  auto training = MakeTrainingSpec(record_.assignment, record_.paths, *workspace, machine);
  if (!training.ok()) return EndBeforeStart(v1::INPUT, FormatStatus(training.status()));
  for (const std::string& note : training->notes) SayState(note);
  if (!workspace->checkpoint_note.empty()) {
    v1::WorkerMessage message;
    *message.mutable_accepted()->mutable_attempt() = record_.id();
    message.mutable_accepted()->set_checkpoint_note(workspace->checkpoint_note);
    Say(std::move(message));
  }
  BeginRun(training->runner, record_.assignment.spec().resume() && workspace->has_checkpoint);
}

void AttemptLoop::OnPrepareFault(const absl::Status& status) {
  const std::string message = FormatStatus(status);
  switch (FaultOf(status)) {
    case PrepareFault::kCancelled:
      return;
    case PrepareFault::kTryAgain:
      if (stream_ == 0) unavailable_since_.reset();
      if (stream_ != 0 && !unavailable_since_) unavailable_since_ = host_.clock.Monotonic();
      if (unavailable_since_ && host_.clock.Monotonic() - *unavailable_since_ > kPreparePatience) {
        return EndBeforeStart(v1::WORKER_FAULT, message);
      }
      spdlog::warn("{}: {}; trying again", label_, message);
      next_try_ = host_.clock.Monotonic() + kTryAgain;
      return;
    case PrepareFault::kInput:
      return EndBeforeStart(v1::INPUT, message);
    case PrepareFault::kWorker:
      return EndBeforeStart(v1::WORKER_FAULT, message);
  }
}

void AttemptLoop::EndBeforeStart(v1::EndReason reason, const std::string& message) {
  End(ExitedWithout(record_.id(), reason, message, host_.clock.Now()));
}

void AttemptLoop::BeginRun(const runner::RunnerSpec& spec, bool resumed) {
  absl::Status started;
  if (resumed) started = runner::WriteFileDurably(record_.paths.Resuming(), "");
  if (started.ok()) {
    folder_.reset();  // the runner takes it
    started = runner::StartRunner(host_.runner_binary, record_.paths.Runner(), spec);
  }
  if (!started.ok()) {
    // Only with the folder in hand is it sure that nothing began after all.
    if (!HoldFolder()) return;
    return EndBeforeStart(v1::WORKER_FAULT, FormatStatus(started));
  }
  NoteStarted(host_.clock.Now());
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
  snapshot_ = std::thread([this, paths = record_.paths, assignment = record_.assignment, facts] {
    snapshot_status_ = WriteEnvironmentSnapshot(paths, assignment, facts);
  });
}

absl::StatusOr<std::string> AttemptLoop::FinishSnapshot() {
  // A daemon that died may have left the record unwritten.
  const std::string folder = record_.paths.Environment();
  const bool written = access((folder + "/environment.json").c_str(), F_OK) == 0;
  if (!snapshot_.joinable() && !written && record_.started.has_value()) BeginSnapshot();
  if (snapshot_.joinable()) snapshot_.join();
  std::string missing;
  if (!snapshot_status_.ok()) {
    missing = absl::StrCat("environment: ", FormatStatus(snapshot_status_));
  }
  const std::string& diff = record_.assignment.spec().source_git_diff_sha256();
  const std::string path = folder + "/source.diff";
  if (diff.empty() || !record_.started.has_value() || access(path.c_str(), F_OK) == 0) {
    return missing;
  }
  const absl::Status status = client::DownloadFile(
      host_.client, diff, path, {.cancelled = [this] { return mailbox_.Urgent(); }});
  if (absl::IsUnavailable(status) || absl::IsCancelled(status)) return status;
  if (!status.ok()) {
    absl::StrAppend(&missing, missing.empty() ? "" : "; ",
                    "environment/source.diff: ", FormatStatus(status));
  }
  return missing;
}

void AttemptLoop::NoteStarted(absl::Time time) {
  v1::Started started;
  *started.mutable_attempt() = record_.id();
  *started.mutable_time() = ToProto(time);
  started.set_time_zone(zone_.name);
  started.set_utc_offset_seconds(zone_.zone.At(time).offset);
  started.set_resumed(access(record_.paths.Resuming().c_str(), F_OK) == 0);
  absl::Status status = WriteMessage(record_.paths.Started(), started);
  if (!status.ok()) spdlog::warn("{}: {}", label_, FormatStatus(status));
  record_.started = started;
  v1::WorkerMessage message;
  *message.mutable_started() = started;
  Say(std::move(message));
}

}  // namespace xp::daemon
