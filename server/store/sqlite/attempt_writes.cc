#include "server/store/sqlite/attempt_writes.h"

#include "proto/status.h"
#include "server/store/sqlite/attempt_end.h"
#include "server/store/sqlite/attempt_row.h"
#include "server/store/sqlite/attempt_standing.h"
#include "server/store/sqlite/trial_life.h"
#include "server/store/sqlite/trial_row.h"
#include "server/store/words.h"

namespace xp::store {
namespace {

using core::TrialEvent;
using core::TrialState;

// An attempt whose end is stored takes no more events.
absl::Status RequireOpen(const FencedAttempt& both) {
  if (!both.attempt.confirmed) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("the end of attempt ", both.attempt.number,
                                                    " of ", both.trial.full_name(),
                                                    " is stored already"));
}

// A drain that committed after the placement was planned wins.
absl::Status RequireUndrained(Database& db, const std::string& worker) {
  Query query(db, "SELECT 1 FROM workers WHERE name = ? AND drained", worker);
  if (query.Next()) {
    return absl::FailedPreconditionError(absl::StrCat("worker ", worker, " is drained"));
  }
  return query.status();
}

// An attempt that was given up but is not replaced yet is its worker's again, uncharged.
void TakeBackGiveUp(FencedAttempt& both) {
  if (!both.attempt.has_verdict || both.attempt.exited) return;
  ApplyCharge(both.trial, both.attempt, ChargeDirection::kTakeBack);
  both.trial.used_ms -= both.attempt.run_ms;
  both.attempt.run_ms = 0;
  both.attempt.end_time = 0;
  both.attempt.verdict = {};
  both.attempt.has_verdict = false;
  both.attempt.reason = v1::END_REASON_UNSPECIFIED;
  both.attempt.message.clear();
}

}  // namespace

absl::StatusOr<v1::Assignment> SqliteAttemptWrites::Assign(const AssignRequest& request) {
  Database& db = session_.db();
  XP_RETURN_IF_ERROR(RequireUndrained(db, request.worker));
  FencedAttempt both;
  XP_ASSIGN_OR_RETURN(both.trial, LoadTrial(db, request.trial.value));
  TrialRow& trial = both.trial;
  const std::string why =
      absl::StrCat("assigned to ", request.worker, request.why.empty() ? "" : ": ", request.why);
  ++trial.attempt;
  trial.worker = request.worker;
  XP_RETURN_IF_ERROR(Transition(session_, trial, TrialEvent::kAssign, why));
  trial.stop = core::StopReason::kNone;
  both.attempt.trial_id = trial.id;
  both.attempt.number = trial.attempt;
  both.attempt.worker = request.worker;
  both.attempt.state = trial.state;
  both.attempt.slots = request.slots;
  both.attempt.assign_time = session_.now_ns();
  both.attempt.checkpoint_from_attempt = request.checkpoint_from_attempt;
  both.attempt.checkpoint_note = request.checkpoint_note;
  XP_ASSIGN_OR_RETURN(const v1::TrialSpec spec, LoadSpec(db, trial.id));
  if (!spec.checkpoint_dir().empty() && trial.attempt > 1) {
    // On a shared disk the predecessor's folder is there whoever ran it.
    both.attempt.checkpoint_from_attempt = trial.attempt - 1;
    both.attempt.checkpoint_note.clear();
  }
  XP_RETURN_IF_ERROR(InsertAttempt(db, both.attempt));
  XP_RETURN_IF_ERROR(SaveTrial(db, trial));
  return MakeAssignment(db, trial, both.attempt);
}

absl::Status SqliteAttemptWrites::Accepted(const v1::Accepted& message) {
  XP_ASSIGN_OR_RETURN(FencedAttempt both, FindFenced(session_.db(), message.attempt()));
  if (both.attempt.accepted) return absl::OkStatus();
  XP_RETURN_IF_ERROR(RequireOpen(both));
  both.attempt.accepted = true;
  if (!message.checkpoint_note().empty()) both.attempt.checkpoint_note = message.checkpoint_note();
  session_.changes().NoteTrial(both.trial.id);
  return SaveAttempt(session_.db(), both.attempt);
}

absl::Status SqliteAttemptWrites::NotTaken(const v1::AttemptId& attempt, std::string_view why) {
  XP_ASSIGN_OR_RETURN(FencedAttempt both, FindFenced(session_.db(), attempt));
  if (both.trial.state == TrialState::kQueued) return absl::OkStatus();
  if (both.trial.state == TrialState::kStopping) both.attempt.verdict.stop = both.trial.stop;
  XP_RETURN_IF_ERROR(Transition(session_, both.trial, TrialEvent::kNotTaken, why));
  both.attempt.state = TrialState::kStopped;
  both.attempt.message = absl::StrCat("not taken by its worker: ", ToAbsl(why));
  both.attempt.end_time = session_.now_ns();
  return SaveBoth(session_.db(), both);
}

absl::Status SqliteAttemptWrites::Started(const v1::Started& message) {
  XP_ASSIGN_OR_RETURN(FencedAttempt both, FindFenced(session_.db(), message.attempt()));
  if (both.attempt.exited) return absl::OkStatus();  // sent again after a reconnection
  both.attempt.time_zone = message.time_zone();
  both.attempt.utc_offset_s = message.utc_offset_seconds();
  if (both.trial.state == TrialState::kQueued) {
    TakeBackGiveUp(both);
    XP_RETURN_IF_ERROR(
        Transition(session_, both.trial, TrialEvent::kWorkerReturned, "its worker returned"));
  }
  const bool first = both.attempt.start_time == 0;
  XP_RETURN_IF_ERROR(Transition(session_, both.trial, TrialEvent::kStarted,
                                first ? absl::StrCat("started on ", both.attempt.worker) : ""));
  if (first) both.attempt.start_time = ToNanoseconds(message.time());
  if (both.trial.start_time == 0) both.trial.start_time = both.attempt.start_time;
  both.attempt.accepted = true;
  both.attempt.resumed = both.attempt.resumed || message.resumed();
  both.attempt.state = both.trial.state;
  return SaveBoth(session_.db(), both);
}

absl::Status SqliteAttemptWrites::NoteState(const v1::StateUpdate& message) {
  XP_ASSIGN_OR_RETURN(FencedAttempt both, FindFenced(session_.db(), message.attempt()));
  XP_RETURN_IF_ERROR(RequireOpen(both));
  if (both.trial.message == message.message()) return absl::OkStatus();
  both.trial.message = message.message();
  both.trial.update_time = session_.now_ns();
  session_.changes().NoteTrial(both.trial.id);
  XP_RETURN_IF_ERROR(AddEvent(session_, both.trial, both.attempt.number, message.message()));
  return SaveTrial(session_.db(), both.trial);
}

absl::Status SqliteAttemptWrites::LeaseExpired(const v1::AttemptId& attempt) {
  XP_ASSIGN_OR_RETURN(FencedAttempt both, FindFenced(session_.db(), attempt));
  if (both.trial.state == TrialState::kLost) return absl::OkStatus();
  XP_RETURN_IF_ERROR(
      Transition(session_, both.trial, TrialEvent::kLeaseExpired,
                 absl::StrCat("worker ", both.attempt.worker, " is silent beyond its lease")));
  both.attempt.state = both.trial.state;
  return SaveBoth(session_.db(), both);
}

absl::Status SqliteAttemptWrites::WorkerReturned(const v1::AttemptId& attempt) {
  XP_ASSIGN_OR_RETURN(FencedAttempt both, FindFenced(session_.db(), attempt));
  XP_RETURN_IF_ERROR(RequireOpen(both));
  const TrialState before = both.trial.state;
  TakeBackGiveUp(both);
  XP_RETURN_IF_ERROR(
      Transition(session_, both.trial, TrialEvent::kWorkerReturned,
                 before == TrialState::kLost || before == TrialState::kQueued
                     ? absl::StrCat("worker ", both.attempt.worker, " came back with it")
                     : ""));
  both.attempt.state = both.trial.state;
  return SaveBoth(session_.db(), both);
}

absl::Status SqliteAttemptWrites::GiveUp(const v1::AttemptId& attempt, std::string_view why) {
  XP_ASSIGN_OR_RETURN(FencedAttempt both, FindFenced(session_.db(), attempt));
  if (both.attempt.has_verdict) return absl::OkStatus();
  const bool stopping = both.trial.state == TrialState::kStopping;
  both.attempt.verdict =
      core::DecideLost(both.trial.budget(), stopping ? both.trial.stop : core::StopReason::kNone);
  if (!why.empty()) absl::StrAppend(&both.attempt.verdict.why, " (", ToAbsl(why), ")");
  both.attempt.has_verdict = true;
  both.attempt.reason = stopping ? ToMessage(both.trial.stop) : v1::WORKER_FAULT;
  if (both.attempt.start_time != 0) {
    both.attempt.run_ms = (session_.now_ns() - both.attempt.start_time) / 1'000'000;
    both.trial.used_ms += both.attempt.run_ms;
  }
  ApplyCharge(both.trial, both.attempt, ChargeDirection::kCount);
  XP_RETURN_IF_ERROR(ApplyVerdict(session_, both));
  return SaveBoth(session_.db(), both);
}

absl::StatusOr<AttemptStanding> SqliteAttemptWrites::Find(const v1::AttemptId& attempt) {
  return FindStanding(session_.db(), attempt);
}

absl::StatusOr<std::vector<LiveTrial>> SqliteAttemptWrites::HeldBy(std::string_view worker) {
  return ListHeldBy(session_.db(), worker);
}

}  // namespace xp::store
