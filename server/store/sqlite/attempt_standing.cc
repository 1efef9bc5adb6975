#include "server/store/sqlite/attempt_standing.h"

#include <algorithm>

#include "proto/status.h"
#include "server/store/sqlite/source_row.h"

namespace xp::store {

absl::StatusOr<AttemptStanding> FindStanding(Database& db, const v1::AttemptId& id) {
  XP_ASSIGN_OR_RETURN(const TrialRow trial, FindTrialByUid(db, id.trial_uid()));
  XP_ASSIGN_OR_RETURN(const AttemptRow attempt, FindAttempt(db, trial.id, id.number()));
  AttemptStanding standing;
  XP_ASSIGN_OR_RETURN(standing.trial, ToLiveTrial(db, trial));
  standing.is_latest = attempt.number == trial.attempt;
  standing.confirmed = attempt.confirmed;
  standing.worker = attempt.worker;
  for (const v1::SourceKind kind : {v1::SOURCE_KIND_LOG, v1::SOURCE_KIND_METRICS_FILE}) {
    XP_ASSIGN_OR_RETURN(const SourceRow source, FindSource(db, attempt.id, kind));
    standing.sources.push_back(ToOffset(source));
  }
  return standing;
}

absl::StatusOr<std::vector<LiveTrial>> ListHeldBy(Database& db, std::string_view worker) {
  std::vector<LiveTrial> held;
  Query query(db,
              "SELECT " XP_TRIAL_COLUMNS
              " WHERE t.deleted = 0 AND t.state NOT IN ('COMPLETED', 'FAILED', 'STOPPED') "
              "AND t.state IN ('ASSIGNED', 'RUNNING', 'STOPPING', 'LOST') AND t.worker = ? "
              "ORDER BY t.id",
              worker);
  while (query.Next()) {
    XP_ASSIGN_OR_RETURN(const TrialRow row, ReadTrialRow(query));
    XP_ASSIGN_OR_RETURN(LiveTrial live, ToLiveTrial(db, row));
    held.push_back(std::move(live));
  }
  XP_RETURN_IF_ERROR(query.status());
  return held;
}

absl::StatusOr<v1::Assignment> MakeAssignment(Database& db, const TrialRow& trial,
                                              const AttemptRow& attempt) {
  v1::Assignment assignment;
  assignment.mutable_attempt()->set_trial_uid(trial.uid);
  assignment.mutable_attempt()->set_number(attempt.number);
  assignment.set_trial_name(trial.full_name());
  XP_ASSIGN_OR_RETURN(*assignment.mutable_spec(), LoadSpec(db, trial.id));
  for (const int32_t slot : attempt.slots) assignment.add_slots(slot);
  if (trial.timeout_ms > 0) {
    const int64_t left = std::max<int64_t>(0, trial.timeout_ms - trial.used_ms);
    assignment.mutable_time_left()->set_seconds(left / 1000);
    assignment.mutable_time_left()->set_nanos(static_cast<int32_t>(left % 1000) * 1'000'000);
  }
  assignment.set_checkpoint_from_attempt(attempt.checkpoint_from_attempt);
  assignment.set_checkpoint_note(attempt.checkpoint_note);
  return assignment;
}

absl::StatusOr<AttemptStanding> SqliteAttemptReads::Find(const v1::AttemptId& attempt) {
  ReadSession session(pool_);
  XP_RETURN_IF_ERROR(session.status());
  return FindStanding(session.db(), attempt);
}

}  // namespace xp::store
