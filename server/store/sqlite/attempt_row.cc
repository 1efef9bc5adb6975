#include "server/store/sqlite/attempt_row.h"

#include "proto/status.h"
#include "server/store/words.h"

namespace xp::store {
namespace {

#define XP_ATTEMPT_COLUMNS                                                                        \
  "id, trial_id, number, worker, state, reason, message, exit_code, signal, slots, assign_time, " \
  "start_time, exit_time, end_time, run_ms, accepted, exited, finished, confirmed, resumed, "     \
  "resumed_from_step, checkpoint_from_attempt, checkpoint_note, verdict_event, verdict_failure, " \
  "verdict_stop, verdict_charge, verdict_why, time_zone, utc_offset_s FROM attempts "

absl::StatusOr<core::TrialEvent> StoredEvent(std::string_view name) {
  for (const core::TrialEvent event : core::kTrialEvents) {
    if (core::EventName(event) == name) return event;
  }
  return absl::DataLossError(absl::StrCat("the database holds an unknown event: ", ToAbsl(name)));
}

absl::StatusOr<AttemptRow> ReadRow(const Query& query) {
  AttemptRow row;
  int column = 0;
  row.id = query.Int(column++);
  row.trial_id = query.Int(column++);
  row.number = query.Int32(column++);
  row.worker = query.Text(column++);
  XP_ASSIGN_OR_RETURN(row.state, StoredState(query.View(column++)));
  v1::EndReason_Parse(query.Text(column++), &row.reason);  // "" leaves it unspecified
  row.message = query.Text(column++);
  if (const auto code = query.MaybeInt(column++)) row.exit_code = static_cast<int32_t>(*code);
  row.signal = query.Int32(column++);
  row.slots = NumbersFromJson(query.View(column++));
  row.assign_time = query.Int(column++);
  row.start_time = query.Int(column++);
  row.exit_time = query.Int(column++);
  row.end_time = query.Int(column++);
  row.run_ms = query.Int(column++);
  row.accepted = query.Bool(column++);
  row.exited = query.Bool(column++);
  row.finished = query.Bool(column++);
  row.confirmed = query.Bool(column++);
  row.resumed = query.Bool(column++);
  row.resumed_from_step = query.MaybeInt(column++);
  row.checkpoint_from_attempt = query.Int32(column++);
  row.checkpoint_note = query.Text(column++);
  const std::string event = query.Text(column++);
  row.has_verdict = !event.empty();
  if (row.has_verdict) {
    XP_ASSIGN_OR_RETURN(row.verdict.event, StoredEvent(event));
  }
  XP_ASSIGN_OR_RETURN(row.verdict.failure, StoredFailure(query.View(column++)));
  XP_ASSIGN_OR_RETURN(row.verdict.stop, StoredStop(query.View(column++)));
  row.verdict.charge = static_cast<core::Charge>(query.Int(column++));
  row.verdict.why = query.Text(column++);
  row.time_zone = query.Text(column++);
  row.utc_offset_s = query.Int32(column++);
  return row;
}

}  // namespace

absl::StatusOr<AttemptRow> FindAttempt(Database& db, int64_t trial_id, int32_t number) {
  Query query(db, "SELECT " XP_ATTEMPT_COLUMNS "WHERE trial_id = ? AND number = ?", trial_id,
              number);
  if (query.Next()) return ReadRow(query);
  XP_RETURN_IF_ERROR(query.status());
  Query latest(db, "SELECT coalesce(max(number), 0) FROM attempts WHERE trial_id = ?", trial_id);
  const int32_t there = latest.Next() ? latest.Int32(0) : 0;
  XP_RETURN_IF_ERROR(latest.status());
  if (there == 0) return absl::NotFoundError("no attempt of the trial has begun yet");
  return absl::NotFoundError(
      absl::StrCat("the trial has no attempt ", number, "; its latest is ", there));
}

absl::StatusOr<std::vector<AttemptRow>> ListAttemptRows(Database& db, int64_t trial_id) {
  std::vector<AttemptRow> rows;
  Query query(db, "SELECT " XP_ATTEMPT_COLUMNS "WHERE trial_id = ? ORDER BY number", trial_id);
  while (query.Next()) {
    XP_ASSIGN_OR_RETURN(AttemptRow row, ReadRow(query));
    rows.push_back(std::move(row));
  }
  XP_RETURN_IF_ERROR(query.status());
  return rows;
}

absl::Status InsertAttempt(Database& db, AttemptRow& row) {
  XP_RETURN_IF_ERROR(
      db.Run("INSERT INTO attempts (trial_id, number, worker, state, assign_time) "
             "VALUES (?, ?, ?, ?, ?)",
             row.trial_id, row.number, row.worker, core::StateName(row.state), row.assign_time));
  row.id = db.last_insert_id();
  return SaveAttempt(db, row);
}

absl::Status SaveAttempt(Database& db, const AttemptRow& row) {
  const std::string reason =
      row.reason == v1::END_REASON_UNSPECIFIED ? "" : v1::EndReason_Name(row.reason);
  return db.Run(
      "UPDATE attempts SET state = ?2, reason = ?3, message = ?4, exit_code = ?5, signal = ?6, "
      "slots = ?7, start_time = ?8, exit_time = ?9, end_time = ?10, run_ms = ?11, accepted = ?12, "
      "exited = ?13, finished = ?14, confirmed = ?15, resumed = ?16, resumed_from_step = ?17, "
      "checkpoint_from_attempt = ?18, checkpoint_note = ?19, verdict_event = ?20, "
      "verdict_failure = ?21, verdict_stop = ?22, verdict_charge = ?23, verdict_why = ?24, "
      "time_zone = ?25, utc_offset_s = ?26 "
      "WHERE id = ?1",
      row.id, core::StateName(row.state), reason, row.message, row.exit_code, row.signal,
      ListToJson(row.slots), row.start_time, row.exit_time, row.end_time, row.run_ms, row.accepted,
      row.exited, row.finished, row.confirmed, row.resumed, row.resumed_from_step,
      row.checkpoint_from_attempt, row.checkpoint_note,
      row.has_verdict ? core::EventName(row.verdict.event) : std::string_view(),
      core::ReasonName(row.verdict.failure), core::ReasonName(row.verdict.stop),
      static_cast<int>(row.verdict.charge), row.verdict.why, row.time_zone, row.utc_offset_s);
}

v1::Attempt ToAttempt(const AttemptRow& row) {
  v1::Attempt attempt;
  attempt.set_number(row.number);
  attempt.set_worker(row.worker);
  attempt.set_state(ToMessage(row.state));
  attempt.set_reason(row.reason);
  attempt.set_message(row.message);
  if (row.exit_code) attempt.set_exit_code(*row.exit_code);
  attempt.set_signal(row.signal);
  *attempt.mutable_assign_time() = ToTimestamp(row.assign_time);
  if (row.start_time != 0) *attempt.mutable_start_time() = ToTimestamp(row.start_time);
  if (row.exit_time != 0) *attempt.mutable_exit_time() = ToTimestamp(row.exit_time);
  if (row.end_time != 0) *attempt.mutable_end_time() = ToTimestamp(row.end_time);
  for (const int32_t slot : row.slots) attempt.add_slots(slot);
  if (row.resumed_from_step) attempt.set_resumed_from_step(*row.resumed_from_step);
  attempt.set_checkpoint_note(row.checkpoint_note);
  attempt.set_resumed(row.resumed);
  attempt.set_time_zone(row.time_zone);
  return attempt;
}

}  // namespace xp::store
