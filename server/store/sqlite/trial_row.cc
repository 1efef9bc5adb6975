#include "server/store/sqlite/trial_row.h"

#include "proto/status.h"
#include "server/store/sqlite/attempt_row.h"
#include "server/store/sqlite/experiment_row.h"
#include "server/store/sqlite/nearest_name.h"
#include "server/store/words.h"

namespace xp::store {
namespace {

absl::StatusOr<TrialRow> OnlyRow(Query& query, const absl::Status& none) {
  if (query.Next()) return ReadTrialRow(query);
  if (!query.status().ok()) return query.status();
  return none;
}

// "E/U" for each trial U of the experiment whose name is near.
absl::Status NoSuchTrial(Database& db, int64_t experiment_id, const TrialName& name) {
  std::vector<std::string> names;
  Query query(db, "SELECT name FROM trials WHERE experiment_id = ? AND deleted = 0 LIMIT 10000",
              experiment_id);
  while (query.Next()) names.push_back(query.Text(0));
  XP_RETURN_IF_ERROR(query.status());
  return absl::NotFoundError(absl::StrCat("no trial ", name.ToString(),
                                          DescribeNearest(name.trial, names, "xpctl trials")));
}

}  // namespace

absl::StatusOr<TrialRow> ReadTrialRow(const Query& query) {
  TrialRow row;
  int column = 0;
  row.id = query.Int(column++);
  row.uid = query.Text(column++);
  row.experiment_id = query.Int(column++);
  row.experiment = query.Text(column++);
  row.name = query.Text(column++);
  row.resources = query.Text(column++);
  row.retries = query.Int32(column++);
  row.timeout_ms = query.Int(column++);
  row.resume = query.Bool(column++);
  row.tracked_run = query.Bool(column++);
  row.create_time = query.Int(column++);
  row.request_id = query.Text(column++);
  row.tags = query.Text(column++);
  row.priority = query.Int32(column++);
  XP_ASSIGN_OR_RETURN(row.state, StoredState(query.View(column++)));
  XP_ASSIGN_OR_RETURN(row.failure, StoredFailure(query.View(column++)));
  XP_ASSIGN_OR_RETURN(row.stop, StoredStop(query.View(column++)));
  row.message = query.Text(column++);
  row.attempt = query.Int32(column++);
  row.worker = query.Text(column++);
  row.start_time = query.Int(column++);
  row.end_time = query.Int(column++);
  row.update_time = query.Int(column++);
  row.queue_order = query.Int(column++);
  row.queued_time = query.Int(column++);
  row.finishing_time = query.Int(column++);
  row.failures = query.Int32(column++);
  row.worker_faults = query.Int32(column++);
  const std::string_view faulted = query.View(column++);
  if (faulted.size() > 2) row.faulted_workers = TextsFromJson(faulted);
  row.used_ms = query.Int(column++);
  row.retry_request_id = query.Text(column++);
  return row;
}

absl::StatusOr<TrialRow> FindTrial(Database& db, const TrialName& name) {
  {
    Query query(db,
                "SELECT " XP_TRIAL_COLUMNS
                " WHERE t.experiment_id = (SELECT id FROM experiments WHERE folded_name = ? AND "
                "deleted = 0) AND t.folded_name = ? AND t.deleted = 0",
                FoldName(name.experiment), FoldName(name.trial));
    if (query.Next()) return ReadTrialRow(query);
    XP_RETURN_IF_ERROR(query.status());
  }
  XP_ASSIGN_OR_RETURN(const ExperimentRow experiment, FindExperiment(db, name.experiment));
  return NoSuchTrial(db, experiment.id, name);
}

absl::StatusOr<TrialRow> FindTrial(Database& db, std::string_view name) {
  XP_ASSIGN_OR_RETURN(const TrialName parsed, TrialName::Parse("name", name));
  return FindTrial(db, parsed);
}

absl::StatusOr<TrialRow> FindTrialByUid(Database& db, std::string_view uid) {
  Query query(db, "SELECT " XP_TRIAL_COLUMNS " WHERE t.uid = ? AND t.deleted = 0", uid);
  return OnlyRow(query, absl::NotFoundError(
                            absl::StrCat("no trial with uid ", ToAbsl(uid), ": it was deleted")));
}

absl::StatusOr<TrialRow> LoadTrial(Database& db, int64_t id) {
  Query query(db, "SELECT " XP_TRIAL_COLUMNS " WHERE t.id = ? AND t.deleted = 0", id);
  return OnlyRow(query, absl::NotFoundError(absl::StrCat("no trial with id ", id)));
}

absl::Status SaveTrial(Database& db, const TrialRow& row) {
  return db.Run(
      "UPDATE trials SET tags = ?2, priority = ?3, state = ?4, failure = ?5, stop = ?6, "
      "message = ?7, attempt = ?8, worker = ?9, start_time = ?10, end_time = ?11, "
      "update_time = ?12, queue_order = ?13, queued_time = ?14, finishing_time = ?15, "
      "failures = ?16, worker_faults = ?17, faulted_workers = ?18, used_ms = ?19, "
      "retry_request_id = ?20 WHERE id = ?1",
      row.id, row.tags, row.priority, core::StateName(row.state), core::ReasonName(row.failure),
      core::ReasonName(row.stop), row.message, row.attempt, row.worker, row.start_time,
      row.end_time, row.update_time, row.queue_order, row.queued_time, row.finishing_time,
      row.failures, row.worker_faults, ListToJson(row.faulted_workers), row.used_ms,
      row.retry_request_id);
}

absl::StatusOr<v1::TrialSpec> LoadSpec(Database& db, int64_t trial_id) {
  Query query(db, "SELECT spec FROM trial_details WHERE trial_id = ?", trial_id);
  v1::TrialSpec spec;
  if (!query.Next()) {
    if (!query.status().ok()) return query.status();
    return absl::DataLossError(absl::StrCat("trial ", trial_id, " has no spec"));
  }
  const std::string_view bytes = query.View(0);
  if (!spec.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::DataLossError(absl::StrCat("the spec of trial ", trial_id, " cannot be read"));
  }
  return spec;
}

absl::StatusOr<v1::Trial> ToTrial(Database& db, const TrialRow& row, TrialView view) {
  v1::Trial trial;
  trial.set_name(row.full_name());
  trial.set_uid(row.uid);
  TagsFromJson(row.tags, *trial.mutable_tags());
  trial.set_priority(row.priority);
  trial.set_state(ToMessage(row.state));
  trial.set_reason(row.failure != core::FailureReason::kNone ? ToMessage(row.failure)
                                                             : ToMessage(row.stop));
  trial.set_message(row.message);
  trial.set_attempt(row.attempt);
  trial.set_worker(row.worker);
  *trial.mutable_create_time() = ToTimestamp(row.create_time);
  if (row.start_time != 0) *trial.mutable_start_time() = ToTimestamp(row.start_time);
  if (row.end_time != 0) *trial.mutable_end_time() = ToTimestamp(row.end_time);
  *trial.mutable_update_time() = ToTimestamp(row.update_time);
  trial.set_failures(row.failures);
  trial.set_worker_faults(row.worker_faults);
  if (row.attempt > 0) {
    XP_ASSIGN_OR_RETURN(const AttemptRow attempt, FindAttempt(db, row.id, row.attempt));
    *trial.mutable_latest_attempt() = ToAttempt(attempt);
  }
  if (view == TrialView::kShort) return trial;
  XP_ASSIGN_OR_RETURN(*trial.mutable_spec(), LoadSpec(db, row.id));
  Query query(db, "SELECT notes, log_tail FROM trial_details WHERE trial_id = ?", row.id);
  if (query.Next()) {
    trial.set_notes(query.Text(0));
    if (row.state == core::TrialState::kFailed) trial.set_log_tail(query.Text(1));
  }
  XP_RETURN_IF_ERROR(query.status());
  return trial;
}

absl::StatusOr<LiveTrial> ToLiveTrial(Database& db, const TrialRow& row) {
  LiveTrial live;
  live.id = {row.id};
  XP_ASSIGN_OR_RETURN(live.trial, ToTrial(db, row, TrialView::kShort));
  live.state = row.state;
  if (!live.resources.ParseFromString(row.resources)) {
    return absl::DataLossError(absl::StrCat("the resources of ", row.full_name(), " are damaged"));
  }
  live.queue_order = row.queue_order;
  live.queued_time_ms = row.queued_time / 1'000'000;
  live.stop = row.stop;
  if (row.timeout_ms > 0) {
    // An exhausted limit is still a limit: 0 would stand for none.
    live.time_limit_ms = std::max<int64_t>(1, row.timeout_ms - row.used_ms);
  }
  live.faulted_workers = row.faulted_workers;
  return live;
}

}  // namespace xp::store
