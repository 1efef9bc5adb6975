// The end of a run as its worker tells it: Exited, then Finished, or neither in time.
#include "proto/status.h"
#include "server/store/sqlite/attempt_end.h"
#include "server/store/sqlite/attempt_writes.h"
#include "server/store/sqlite/trial_life.h"
#include "server/store/words.h"

namespace xp::store {
namespace {

using core::EndKind;
using core::TrialEvent;
using core::TrialState;

EndKind KindOf(const v1::Exited& message) {
  switch (message.reason()) {
    case v1::OUT_OF_MEMORY:
      return EndKind::kOutOfMemory;
    case v1::NOT_FOUND:
      return EndKind::kNotFound;
    case v1::INPUT:
      return EndKind::kInput;
    case v1::WORKER_FAULT:
    case v1::TRACKER_GONE:
      return EndKind::kWorkerFault;
    default:
      break;
  }
  if (message.signal() != 0) return EndKind::kSignal;
  return message.has_exit_code() ? EndKind::kExit : EndKind::kWorkerFault;
}

core::StopReason StopOf(const TrialRow& trial, const v1::Exited& message) {
  if (trial.state == TrialState::kStopping) return trial.stop;
  if (message.reason() == v1::MAX_RUNTIME) return core::StopReason::kMaxRuntime;
  if (message.reason() == v1::USER) return core::StopReason::kUser;
  return core::StopReason::kNone;
}

// What the attempt's own record says, whatever becomes of the trial.
v1::EndReason AttemptReason(const core::AttemptEnd& end) {
  if (end.stop != core::StopReason::kNone) return ToMessage(end.stop);
  switch (end.kind) {
    case EndKind::kExit:
      if (end.code == 0) return v1::END_REASON_UNSPECIFIED;
      return end.code == core::kPreemptedExitStatus ? v1::PREEMPTED : v1::EXIT;
    case EndKind::kSignal:
      return v1::SIGNAL;
    case EndKind::kOutOfMemory:
      return v1::OUT_OF_MEMORY;
    case EndKind::kNotFound:
      return v1::NOT_FOUND;
    case EndKind::kInput:
      return v1::INPUT;
    case EndKind::kWorkerFault:
      return v1::WORKER_FAULT;
  }
  return v1::END_REASON_UNSPECIFIED;
}

void Decide(FencedAttempt& both, const v1::Exited& message) {
  core::AttemptEnd end;
  end.kind = KindOf(message);
  end.code = end.kind == EndKind::kSignal ? message.signal() : message.exit_code();
  end.stop = StopOf(both.trial, message);
  end.detail = message.message();
  both.attempt.verdict = core::DecideEnd(end, both.trial.budget());
  if (both.trial.timeout_ms > 0 && both.trial.used_ms >= both.trial.timeout_ms) {
    // Time limits count all attempts together: none is left for another.
    both.attempt.verdict = core::AfterLateStop(both.attempt.verdict, core::StopReason::kMaxRuntime);
  }
  both.attempt.has_verdict = true;
  both.attempt.reason = AttemptReason(end);
}

absl::StatusOr<EndProgress> Progress(WriteSession& session, FencedAttempt& both) {
  XP_ASSIGN_OR_RETURN(const bool confirmed, TryConfirm(session, both));
  if (!confirmed) XP_RETURN_IF_ERROR(SaveBoth(session.db(), both));
  return EndProgress{both.trial.state, confirmed};
}

}  // namespace

absl::StatusOr<EndProgress> SqliteAttemptWrites::Exited(const v1::Exited& message) {
  XP_ASSIGN_OR_RETURN(FencedAttempt both, FindFenced(session_.db(), message.attempt()));
  if (both.attempt.confirmed) return EndProgress{both.trial.state, true};
  XP_RETURN_IF_ERROR(StoreEnds(session_.db(), both.attempt.id, message.ends()));
  if (both.attempt.exited) return Progress(session_, both);
  if (both.attempt.has_verdict) {
    // It was given up, and not replaced yet: what it says itself counts instead.
    ApplyCharge(both.trial, both.attempt, ChargeDirection::kTakeBack);
    both.trial.used_ms -= both.attempt.run_ms;
  }
  both.attempt.exited = true;
  both.attempt.accepted = true;
  both.attempt.exit_time = message.has_time() ? ToNanoseconds(message.time()) : session_.now_ns();
  both.attempt.run_ms =
      message.run_time().seconds() * 1000 + message.run_time().nanos() / 1'000'000;
  both.trial.used_ms += both.attempt.run_ms;
  if (message.has_exit_code()) both.attempt.exit_code = message.exit_code();
  both.attempt.signal = message.signal();
  Decide(both, message);
  ApplyCharge(both.trial, both.attempt, ChargeDirection::kCount);
  XP_RETURN_IF_ERROR(Transition(session_, both.trial, TrialEvent::kExited,
                                absl::StrCat("the process is gone: ", both.attempt.verdict.why)));
  both.attempt.state = both.trial.state;
  both.attempt.message = both.attempt.verdict.why;
  return Progress(session_, both);
}

absl::StatusOr<EndProgress> SqliteAttemptWrites::Finished(const v1::Finished& message) {
  XP_ASSIGN_OR_RETURN(FencedAttempt both, FindFenced(session_.db(), message.attempt()));
  if (both.attempt.confirmed) return EndProgress{both.trial.state, true};
  XP_RETURN_IF_ERROR(StoreEnds(session_.db(), both.attempt.id, message.ends()));
  both.attempt.finished = true;
  if (!message.artifact_problem().empty()) {
    XP_RETURN_IF_ERROR(
        AddEvent(session_, both.trial, both.attempt.number,
                 absl::StrCat("artifacts are missing: ", message.artifact_problem())));
  }
  return Progress(session_, both);
}

absl::StatusOr<int> SqliteAttemptWrites::GiveUpFinishing(absl::Time before) {
  Database& db = session_.db();
  std::vector<TrialRow> due;
  {
    Query query(db,
                "SELECT " XP_TRIAL_COLUMNS
                " WHERE t.deleted = 0 AND t.state NOT IN ('COMPLETED', 'FAILED', 'STOPPED') "
                "AND t.state = 'FINISHING' AND t.finishing_time < ?",
                absl::ToUnixNanos(before));
    while (query.Next()) {
      XP_ASSIGN_OR_RETURN(TrialRow row, ReadTrialRow(query));
      due.push_back(std::move(row));
    }
    XP_RETURN_IF_ERROR(query.status());
  }
  for (TrialRow& row : due) {
    FencedAttempt both{std::move(row), {}};
    XP_ASSIGN_OR_RETURN(both.attempt, FindAttempt(db, both.trial.id, both.trial.attempt));
    XP_ASSIGN_OR_RETURN(const std::string missing, DescribeMissing(db, both.attempt));
    XP_RETURN_IF_ERROR(Transition(session_, both.trial, TrialEvent::kGaveUpWaiting,
                                  absl::StrCat("waited long enough for its end: ", missing)));
    both.trial.failure = core::FailureReason::kIncomplete;
    both.attempt.state = both.trial.state;
    both.attempt.reason = v1::INCOMPLETE;
    XP_RETURN_IF_ERROR(SaveBoth(db, both));
  }
  return static_cast<int>(due.size());
}

}  // namespace xp::store
