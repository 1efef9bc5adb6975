// AttemptLoop: what the server has to say about an attempt.
#include <absl/strings/str_cat.h>
#include <spdlog/spdlog.h>

#include "proto/status.h"
#include "worker/daemon/attempt_end.h"
#include "worker/daemon/attempt_loop.h"
#include "worker/daemon/file_copy.h"
#include "worker/daemon/message_file.h"
#include "worker/daemon/proto_time.h"

namespace xp::daemon {

void AttemptLoop::TakeMail(const Mail& mail) {
  if (mail.stream != stream_) {
    stream_ = mail.stream;
    said_finished_ = false;
    said_state_.clear();
    if (stream_ != 0 && !mail.verdict.has_value()) {  // assigned on this stream: nothing is held
      RestartLog({});
      metrics_->Restart({});
      if (host_.begins == Begins::kElsewhere) SayHowFarAdopted();
    }
  }
  if (mail.verdict.has_value()) TakeVerdict(*mail.verdict);
  for (const v1::SourceOffset& held : mail.acks) {
    const bool log = held.source() == v1::SOURCE_KIND_LOG;
    (log ? log_->window() : metrics_->window()).Answered(PositionOf(held));
  }
  for (const v1::Refused& refused : mail.refusals) TakeRefusal(refused);
  if (mail.stop.has_value()) {
    TakeStop(mail.stop->reason(), mail.stop->has_grace() ? FromProto(mail.stop->grace()) : Grace());
  }
  if (mail.confirmed) GetOver();
}

void AttemptLoop::TakeVerdict(const v1::Verdict& verdict) {
  switch (verdict.action()) {
    case v1::Verdict::FENCED:
    case v1::Verdict::FORGET:
      spdlog::warn("{}: the server {}", label_,
                   verdict.action() == v1::Verdict::FENCED
                       ? "has given this trial to a later attempt; this run is ended"
                       : "does not know this trial any more; this run is ended");
      return Discard();
    case v1::Verdict::CONFIRMED:
      return GetOver();
    default:
      break;
  }
  SourcePosition log, metrics;
  for (const v1::SourceOffset& source : verdict.sources()) {
    if (source.source() == v1::SOURCE_KIND_LOG) log = PositionOf(source);
    if (source.source() == v1::SOURCE_KIND_METRICS_FILE) metrics = PositionOf(source);
  }
  RestartLog(log);
  metrics_->Restart(metrics);
  // What happened since hello was said. All of it may be said twice.
  v1::HeldAttempt::Phase told;
  {
    MutexLock lock(mutex_);
    told = told_;
  }
  said_accepted_ = true;
  // A server that was restored from a backup may hold less than it had acknowledged.
  const bool told_all = phase_ == Phase::kUpload || phase_ == Phase::kFinished;
  if (told_all && !(log_->Done() && metrics_->Done())) SetPhase(Phase::kDrain);
  if (phase_ == Phase::kRun && record_.started.has_value() &&
      (told != v1::HeldAttempt::RUNNING || record_.started->resumed())) {
    v1::WorkerMessage message;
    *message.mutable_started() = *record_.started;
    Say(std::move(message));
  }
  if (record_.exited.has_value() && told != v1::HeldAttempt::EXITED) {
    v1::WorkerMessage message;
    *message.mutable_exited() = *record_.exited;
    Say(std::move(message));
  }
  if (verdict.action() == v1::Verdict::STOP) {
    TakeStop(verdict.stop_reason(), Grace());
  }
}

void AttemptLoop::RestartLog(SourcePosition held) {
  const std::string lost = log_->Restart(held);
  if (lost.empty()) return;
  spdlog::warn("{}: {}", label_, lost);
  SayState(lost);  // with the trial
}

void AttemptLoop::TakeStop(v1::EndReason reason, absl::Duration grace) {
  if (phase_ != Phase::kPrepare && phase_ != Phase::kRun) return;  // it has ended already
  spdlog::info("{}: stop ({}), SIGKILL after {}", label_, StopWord(reason),
               absl::FormatDuration(grace));
  stop_ = StopWish{.word = StopWord(reason), .reason = reason, .grace = grace};
  if (!kill_orphan_at_.has_value()) kill_orphan_at_ = host_.clock.Monotonic() + grace;
  next_try_ = -absl::InfiniteDuration();  // what PREPARE waits for is not wanted any more
}

void AttemptLoop::TakeRefusal(const v1::Refused& refused) {
  switch (static_cast<absl::StatusCode>(refused.code())) {
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kFailedPrecondition:
      spdlog::warn("{}: refused by the server: {}", label_, refused.message());
      return Discard();
    case absl::StatusCode::kResourceExhausted: {
      const absl::Duration pause =
          refused.has_retry_after() ? FromProto(refused.retry_after()) : absl::Seconds(10);
      if (host_.clock.Monotonic() >= not_before_) {
        spdlog::warn("{}: the server has no room ({}); kept here, trying again in {}", label_,
                     refused.message(), absl::FormatDuration(pause));
      }
      not_before_ = host_.clock.Monotonic() + pause;
      states_refused_ = true;  // perhaps: it does not say which message had no room
      log_->window().Refused();
      metrics_->window().Refused();
      return;
    }
    default:
      // A bug of ours. The run goes on, for tracking never kills training; its end will be told as
      // a worker fault.
      spdlog::error("{}: the server does not take what this worker sends: {}", label_,
                    refused.message());
      unreportable_ = absl::StrCat("the server refused this worker's report: ", refused.message());
      if (record_.exited.has_value()) SayExitedAsFault();
  }
}

// All of it may be said twice.
void AttemptLoop::SayStatesAgain() {
  if (!states_refused_ || stream_ == 0 || host_.clock.Monotonic() < not_before_) return;
  states_refused_ = false;
  said_finished_ = false;  // said by Step
  if (phase_ == Phase::kPrepare) said_accepted_ = false;
  if (phase_ == Phase::kRun && record_.started.has_value()) {
    v1::WorkerMessage started;
    *started.mutable_started() = *record_.started;
    Say(std::move(started));
  }
  if (!record_.exited.has_value()) return;
  v1::WorkerMessage exited;
  *exited.mutable_exited() = *record_.exited;
  Say(std::move(exited));
}

void AttemptLoop::SayHowFarAdopted() {
  said_accepted_ = true;
  v1::WorkerMessage accepted;
  *accepted.mutable_accepted()->mutable_attempt() = record_.id();
  Say(std::move(accepted));
  if (!record_.started.has_value()) return;  // its command could not be started
  v1::WorkerMessage started;
  *started.mutable_started() = *record_.started;
  Say(std::move(started));
}

void AttemptLoop::SayExitedAsFault() {
  record_.exited->set_reason(v1::WORKER_FAULT);
  record_.exited->set_message(unreportable_);
  record_.exited->clear_ends();
  AddEnds(record_.exited->mutable_ends());
  absl::Status status = WriteMessage(record_.paths.Exited(), *record_.exited);
  if (!status.ok()) spdlog::error("{}: {}", label_, FormatStatus(status));
  v1::WorkerMessage message;
  *message.mutable_exited() = *record_.exited;
  Say(std::move(message));
}

void AttemptLoop::Discard() {
  discard_ = true;
  // A command that somebody began by hand is theirs: it is only tracked no longer.
  const bool ours = host_.begins == Begins::kHere;
  if (!ours || (phase_ != Phase::kPrepare && phase_ != Phase::kRun)) return GetOver();
  stop_ = StopWish{.word = "FENCED", .reason = v1::USER, .grace = absl::ZeroDuration()};
  kill_orphan_at_ = host_.clock.Monotonic();
}

void AttemptLoop::GetOver() {
  const bool adopted = host_.begins == Begins::kElsewhere;
  absl::Status status;
  // The files of an adopted run stay, unconfirmed: only the link to them goes.
  if (!discard_ || !adopted) {
    v1::Confirmed confirmed;
    *confirmed.mutable_attempt() = record_.id();
    status = WriteMessage(record_.paths.Confirmed(), confirmed);
    // xpctl run reads there that all of it is with the server. Of our own the server says it again.
    unnoted_ = !status.ok() && adopted;
  }
  if (unnoted_) {
    spdlog::warn("{}: {}; trying again", label_, FormatStatus(status));
    next_try_ = host_.clock.Monotonic() + kTryAgain;
    return;
  }
  if (status.ok() && discard_) status = RemoveAll(record_.paths.root());
  if (!status.ok()) spdlog::warn("{}: {}", label_, FormatStatus(status));
  spdlog::info("{}: {}", label_, discard_ ? "given up" : "confirmed by the server");
  folder_.reset();
  SetPhase(Phase::kOver);
}

}  // namespace xp::daemon
