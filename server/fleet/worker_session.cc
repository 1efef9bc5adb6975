#include "server/fleet/worker_session.h"

#include <absl/strings/str_cat.h>
#include <absl/time/time.h>
#include <spdlog/spdlog.h>

#include <optional>
#include <utility>

#include "proto/status.h"
#include "server/core/retry_policy.h"
#include "server/fleet/convert.h"
#include "server/store/attempt_store.h"
#include "server/store/report_store.h"
#include "server/store/worker_store.h"

namespace xp::fleet {
namespace {

core::WorkerHealth::Outcome OutcomeOf(const v1::Exited& exited, core::StopReason stop) {
  using Outcome = core::WorkerHealth::Outcome;
  if (stop != core::StopReason::kNone) return Outcome::kOther;
  switch (exited.reason()) {
    case v1::SIGNAL:
    case v1::OUT_OF_MEMORY:
    case v1::NOT_FOUND:
    case v1::EXIT:
      return Outcome::kProgramFailure;
    case v1::END_REASON_UNSPECIFIED:
      break;
    default:
      return Outcome::kOther;
  }
  if (exited.signal() != 0) return Outcome::kProgramFailure;
  if (!exited.has_exit_code()) return Outcome::kOther;
  if (exited.exit_code() == 0) return Outcome::kFine;
  return exited.exit_code() == core::kPreemptedExitStatus ? Outcome::kOther
                                                          : Outcome::kProgramFailure;
}

std::string DetailOf(const v1::Exited& exited) {
  if (exited.signal() != 0) return absl::StrCat("signal ", exited.signal());
  if (exited.has_exit_code()) return absl::StrCat("exit ", exited.exit_code());
  return exited.message();
}

}  // namespace

WorkerSession::WorkerSession(FleetCore& core, std::shared_ptr<Session> session)
    : core_(core), session_(std::move(session)) {}

WorkerSession::~WorkerSession() {
  const std::string name = worker();
  absl::Time last_heard;
  {
    MutexLock lock(core_.mutex);
    const auto current = core_.state.sessions.find(name);
    if (current == core_.state.sessions.end() || current->second != session_) return;
    core_.state.sessions.erase(current);
    last_heard = LastHeard(*session_, core_.clock);
    core_.Wake();
  }
  spdlog::info("worker {} left", name);
  core_.store.Enqueue(
      [name, last_heard](store::WriteContext& context) {
        return context.workers().Left(name, last_heard);
      },
      [name](const absl::Status& status) {
        if (!status.ok()) spdlog::warn("worker {}: {}", name, FormatStatus(status));
      });
}

absl::Status WorkerSession::Handle(const v1::WorkerMessage& message) {
  if (session_->outbox->closed()) return session_->outbox->status();
  {
    MutexLock lock(core_.mutex);
    const absl::Duration now = core_.clock.Monotonic();
    const bool was_silent = now - session_->last_heard > core_.settings.lease.lease;
    session_->last_heard = now;
    if (was_silent) core_.Wake();
  }
  switch (message.message_case()) {
    case v1::WorkerMessage::kAccepted:
      return Store(message.accepted().attempt(), [&](store::WriteContext& context) {
        return context.attempts().Accepted(message.accepted());
      });
    case v1::WorkerMessage::kStarted:
      return Store(message.started().attempt(), [&](store::WriteContext& context) {
        return context.attempts().Started(message.started());
      });
    case v1::WorkerMessage::kStateUpdate:
      return Store(message.state_update().attempt(), [&](store::WriteContext& context) {
        return context.attempts().NoteState(message.state_update());
      });
    case v1::WorkerMessage::kReport:
      return OnReport(message.report());
    case v1::WorkerMessage::kExited:
      return OnExited(message.exited());
    case v1::WorkerMessage::kFinished:
      return Store(message.finished().attempt(), [&](store::WriteContext& context) {
        return context.attempts().Finished(message.finished()).status();
      });
    case v1::WorkerMessage::kHeartbeat:
      return OnHeartbeat(message.heartbeat());
    case v1::WorkerMessage::kHello:
      return absl::InvalidArgumentError("hello: comes once, at the beginning of a stream");
    case v1::WorkerMessage::MESSAGE_NOT_SET:
      return absl::InvalidArgumentError(
          "message: none that this server knows; is the worker of a newer version?");
  }
  return absl::OkStatus();
}

absl::Status WorkerSession::OnReport(const v1::Report& report) {
  if (const absl::Status status = CheckOurs(report.attempt()); !status.ok()) {
    return RefuseOrEnd(report.attempt(), status);
  }
  const auto prepared = store::PrepareReport(report);
  if (!prepared.ok()) return RefuseOrEnd(report.attempt(), prepared.status());
  store::ReportAnswer answer;
  const absl::Status status = core_.store.Apply([&](store::WriteContext& context) -> absl::Status {
    XP_ASSIGN_OR_RETURN(answer, context.reports().Report(**prepared));
    return absl::OkStatus();
  });
  if (!status.ok()) return RefuseOrEnd(report.attempt(), status);
  v1::ServerMessage message;
  *message.mutable_report_ack()->mutable_attempt() = report.attempt();
  *message.mutable_report_ack()->mutable_held() = std::move(answer.held);
  Say(std::move(message));
  return absl::OkStatus();
}

absl::Status WorkerSession::OnExited(const v1::Exited& exited) {
  // What the trial was before its process ended: a stopped one says nothing about the worker.
  std::optional<core::WorkerHealth::End> end;
  {
    MutexLock lock(core_.mutex);
    const store::LiveTrial* trial = core_.state.Find(exited.attempt().trial_uid());
    const bool first = trial != nullptr && OccupiesSlots(trial->state) &&
                       trial->trial.attempt() == exited.attempt().number();
    if (first) {
      end = {trial->id, trial->trial.name(), OutcomeOf(exited, trial->stop),
             FromProto(exited.run_time()), DetailOf(exited)};
    }
  }
  const auto change = [&](store::WriteContext& context) -> absl::Status {
    XP_RETURN_IF_ERROR(context.attempts().Exited(exited).status());
    if (end.has_value()) DrainIfSick(context, *end);
    return absl::OkStatus();
  };
  XP_RETURN_IF_ERROR(Store(exited.attempt(), change));
  if (!end.has_value()) return absl::OkStatus();
  MutexLock lock(core_.mutex);
  const std::optional<std::string> drained = core_.state.health.NoteEnd(worker(), *end);
  if (drained.has_value()) spdlog::warn("worker {} is drained: {}", worker(), *drained);
  return absl::OkStatus();
}

// In the transaction that frees the slot: placement never sees the one without the other.
void WorkerSession::DrainIfSick(store::WriteContext& context, const core::WorkerHealth::End& end) {
  std::optional<std::string> why;
  {
    MutexLock lock(core_.mutex);
    why = core_.state.health.Consider(worker(), end);
  }
  if (!why.has_value()) return;
  const absl::Status status = context.workers().Drain(worker(), *why).status();
  if (status.ok()) return;
  spdlog::error("worker {} cannot be drained: {}", worker(), FormatStatus(status));
}

absl::Status WorkerSession::OnHeartbeat(const v1::Heartbeat& heartbeat) {
  const absl::Duration silent_for = FromProto(heartbeat.silent_for());
  std::vector<v1::AttemptId> returned;
  {
    MutexLock lock(core_.mutex);
    for (const v1::AttemptId& attempt : heartbeat.attempts()) {
      const store::LiveTrial* trial = core_.state.Find(attempt.trial_uid());
      const bool held = trial != nullptr && trial->trial.attempt() == attempt.number() &&
                        trial->state != core::TrialState::kLost &&
                        core_.state.leases.Renew(trial->key(), core_.clock.Monotonic(), silent_for);
      const bool finishing = trial != nullptr && trial->state == core::TrialState::kFinishing &&
                             trial->trial.attempt() == attempt.number();
      if (!held && !finishing) returned.push_back(attempt);
    }
  }
  for (const v1::AttemptId& attempt : returned) XP_RETURN_IF_ERROR(OnReturned(attempt));
  return absl::OkStatus();
}

absl::Status WorkerSession::OnReturned(const v1::AttemptId& attempt) {
  return Store(attempt, [this, &attempt](store::WriteContext& context) -> absl::Status {
    XP_ASSIGN_OR_RETURN(const store::AttemptStanding standing, context.attempts().Find(attempt));
    if (standing.confirmed) return absl::OkStatus();  // crossed on the way; Confirmed was said
    if (standing.worker != worker()) {
      return absl::FailedPreconditionError(absl::StrCat("attempt ", attempt.number(), " is worker ",
                                                        standing.worker, "'s, not yours"));
    }
    return context.attempts().WorkerReturned(attempt);
  });
}

absl::Status WorkerSession::Store(const v1::AttemptId& attempt, store::Change change) {
  absl::Status status = CheckOurs(attempt);
  if (status.ok()) status = core_.store.Apply(std::move(change));
  return status.ok() ? status : RefuseOrEnd(attempt, status);
}

// The number fences off older attempts, this another worker's. Memory is enough: it knows an
// attempt before its worker does, and the store takes nothing more of one that has ended.
absl::Status WorkerSession::CheckOurs(const v1::AttemptId& attempt) {
  MutexLock lock(core_.mutex);
  const store::LiveTrial* trial = core_.state.Find(attempt.trial_uid());
  if (trial == nullptr || trial->trial.attempt() != attempt.number() ||
      trial->trial.worker() == worker()) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(absl::StrCat("attempt ", attempt.number(), " is worker ",
                                                    trial->trial.worker(), "'s, not yours"));
}

absl::Status WorkerSession::RefuseOrEnd(const v1::AttemptId& attempt, const absl::Status& status) {
  v1::ServerMessage message;
  v1::Refused& refused = *message.mutable_refused();
  switch (status.code()) {
    case absl::StatusCode::kResourceExhausted:
      *refused.mutable_retry_after() = ToProto(core_.settings.disk_retry);
      break;
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kInvalidArgument:
      break;
    default:
      // UNAVAILABLE and what nobody foresaw: the worker comes back and nothing is lost.
      spdlog::error("the stream of worker {} ends: {}", worker(), FormatStatus(status));
      return absl::UnavailableError(status.message());
  }
  spdlog::info("worker {}, attempt {} of {}: refused: {}", worker(), attempt.number(),
               attempt.trial_uid(), FormatStatus(status));
  *refused.mutable_attempt() = attempt;
  refused.set_code(status.raw_code());
  refused.set_message(std::string(status.message()));
  Say(std::move(message));
  return absl::OkStatus();
}

void WorkerSession::Say(v1::ServerMessage message) { session_->outbox->Send(std::move(message)); }

}  // namespace xp::fleet
