#include "server/store/sqlite/attempt_end.h"

#include <absl/strings/str_join.h>

#include <algorithm>

#include "proto/limits.h"
#include "proto/status.h"
#include "server/store/log_chunk.h"
#include "server/store/sqlite/source_row.h"
#include "server/store/sqlite/trial_life.h"
#include "server/store/text_tail.h"
#include "server/store/words.h"

namespace xp::store {
namespace {

core::TrialState EndStateOf(const AttemptRow& attempt) {
  switch (attempt.verdict.event) {
    case core::TrialEvent::kSucceeded:
      return core::TrialState::kCompleted;
    case core::TrialEvent::kEndedStopped:
      return core::TrialState::kStopped;
    default:
      return attempt.reason == v1::PREEMPTED ? core::TrialState::kStopped
                                             : core::TrialState::kFailed;
  }
}

std::string_view SourceWord(v1::SourceKind kind) {
  return kind == v1::SOURCE_KIND_METRICS_FILE ? "the metrics file" : "the log";
}

// A backfill that was asked for while it ran, or before it began, is due now.
absl::Status NoteBackfillDue(Database& db, const FencedAttempt& both) {
  return db.Run(
      "INSERT OR IGNORE INTO backfill_waiting (attempt_id) "
      "SELECT ?1 WHERE EXISTS (SELECT 1 FROM backfill_definitions WHERE trial_id = ?2)",
      both.attempt.id, both.trial.id);
}

}  // namespace

absl::StatusOr<FencedAttempt> FindFenced(Database& db, const v1::AttemptId& id) {
  FencedAttempt both;
  XP_ASSIGN_OR_RETURN(both.trial, FindTrialByUid(db, id.trial_uid()));
  if (id.number() != both.trial.attempt) {
    return absl::FailedPreconditionError(
        absl::StrCat("attempt ", id.number(), " of ", both.trial.full_name(),
                     " is not its latest, which is ", both.trial.attempt, ": end that run"));
  }
  XP_ASSIGN_OR_RETURN(both.attempt, FindAttempt(db, both.trial.id, id.number()));
  return both;
}

absl::Status SaveBoth(Database& db, const FencedAttempt& both) {
  XP_RETURN_IF_ERROR(SaveAttempt(db, both.attempt));
  return SaveTrial(db, both.trial);
}

void ApplyCharge(TrialRow& trial, const AttemptRow& attempt, ChargeDirection direction) {
  const int sign = direction == ChargeDirection::kCount ? 1 : -1;
  auto& faulted = trial.faulted_workers;
  switch (attempt.verdict.charge) {
    case core::Charge::kNone:
      // Not charged, as nothing is left to charge: the failure that ended it counts all the same.
      if (attempt.verdict.event == core::TrialEvent::kFailedForGood) trial.failures += sign;
      break;
    case core::Charge::kRetry:
      trial.failures += sign;
      break;
    case core::Charge::kWorkerFault:
      trial.worker_faults += sign;
      std::erase(faulted, attempt.worker);
      if (sign > 0) faulted.push_back(attempt.worker);
      break;
  }
}

absl::Status ApplyVerdict(WriteSession& session, FencedAttempt& both) {
  const core::EndVerdict& verdict = both.attempt.verdict;
  XP_RETURN_IF_ERROR(Transition(session, both.trial, verdict.event, verdict.why));
  both.trial.failure = verdict.failure;
  if (verdict.stop != core::StopReason::kNone) both.trial.stop = verdict.stop;
  both.attempt.state = EndStateOf(both.attempt);
  both.attempt.message = verdict.why;
  // However the clocks were set meanwhile, it ran for as long as it ran.
  const int64_t ran_until = both.attempt.start_time + both.attempt.run_ms * 1'000'000;
  both.attempt.end_time = std::max(session.now_ns(), ran_until);
  if (both.trial.end_time != 0) both.trial.end_time = both.attempt.end_time;
  if (both.trial.state != core::TrialState::kFailed) return absl::OkStatus();
  XP_ASSIGN_OR_RETURN(const std::string tail, LoadLogTail(session.db(), both.attempt.id));
  return session.db().Run("UPDATE trial_details SET log_tail = ? WHERE trial_id = ?", tail,
                          both.trial.id);
}

absl::Status StoreEnds(Database& db, int64_t attempt_id,
                       const google::protobuf::RepeatedPtrField<v1::SourceOffset>& ends) {
  for (const v1::SourceOffset& end : ends) {
    if (end.source() != v1::SOURCE_KIND_LOG && end.source() != v1::SOURCE_KIND_METRICS_FILE) {
      return absl::InvalidArgumentError(
          absl::StrCat("ends.source: ", end.source(), " has no end; LOG and METRICS_FILE have"));
    }
    XP_ASSIGN_OR_RETURN(SourceRow source, FindSource(db, attempt_id, end.source()));
    source.end_generation = end.generation();
    source.end_offset = static_cast<int64_t>(end.offset());
    XP_RETURN_IF_ERROR(SaveSource(db, source));
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> TryConfirm(WriteSession& session, FencedAttempt& both) {
  if (both.attempt.confirmed) return true;
  if (!both.attempt.exited || !both.attempt.finished) return false;
  XP_ASSIGN_OR_RETURN(const auto sources, ListSources(session.db(), both.attempt.id));
  const bool whole = std::all_of(sources.begin(), sources.end(),
                                 [](const SourceRow& source) { return source.complete(); });
  if (!whole) return false;
  if (both.trial.state == core::TrialState::kFailed) {
    XP_RETURN_IF_ERROR(Transition(session, both.trial, core::TrialEvent::kRepaired,
                                  "what was missing has come after all"));
    const core::EndVerdict& verdict = both.attempt.verdict;
    both.attempt.reason = verdict.failure != core::FailureReason::kNone ? ToMessage(verdict.failure)
                                                                        : ToMessage(verdict.stop);
  }
  XP_RETURN_IF_ERROR(ApplyVerdict(session, both));
  both.attempt.confirmed = true;
  XP_RETURN_IF_ERROR(SaveBoth(session.db(), both));
  XP_RETURN_IF_ERROR(NoteBackfillDue(session.db(), both));
  session.changes().NoteConfirmation({both.trial.key(), both.trial.uid, both.attempt.worker});
  return true;
}

absl::StatusOr<std::string> LoadLogTail(Database& db, int64_t attempt_id) {
  std::string tail;
  Query query(db,
              "SELECT data FROM log_chunks WHERE attempt_id = ? AND kind = ? AND generation = 0 "
              "ORDER BY from_offset DESC",
              attempt_id, static_cast<int>(v1::SOURCE_KIND_LOG));
  while (tail.size() < limits::kLogTailBytes && query.Next()) {
    XP_ASSIGN_OR_RETURN(const std::string bytes, UnpackLogBytes(query.View(0)));
    tail.insert(0, bytes);
  }
  XP_RETURN_IF_ERROR(query.status());
  return LastLines(tail, limits::kLogTailLines, limits::kLogTailBytes);
}

absl::StatusOr<std::string> DescribeMissing(Database& db, const AttemptRow& attempt) {
  std::vector<std::string> missing;
  XP_ASSIGN_OR_RETURN(const auto sources, ListSources(db, attempt.id));
  for (const SourceRow& source : sources) {
    if (source.complete()) continue;
    missing.push_back(absl::StrCat(ToAbsl(SourceWord(source.kind)), ": ", source.held, " of ",
                                   *source.end_offset, " bytes are here"));
  }
  if (!attempt.finished) missing.push_back("its worker has not said that its artifacts are here");
  return absl::StrJoin(missing, "; ");
}

}  // namespace xp::store
