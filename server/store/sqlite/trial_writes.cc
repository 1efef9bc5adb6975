#include "server/store/sqlite/trial_writes.h"

#include <vector>

#include "proto/resource_name.h"
#include "proto/status.h"
#include "server/store/sqlite/attempt_row.h"
#include "server/store/sqlite/experiment_row.h"
#include "server/store/sqlite/insert_rows.h"
#include "server/store/sqlite/manifest_refs.h"
#include "server/store/sqlite/trial_life.h"
#include "server/store/sqlite/trial_row.h"
#include "server/store/words.h"

namespace xp::store {
namespace {

std::string WhyStopped(core::StopReason reason) {
  return reason == core::StopReason::kMaxRuntime ? "its time limit is reached"
                                                 : "stop asked for by a user";
}

}  // namespace

absl::StatusOr<v1::Trial> SqliteTrialWrites::Create(const v1::CreateTrialRequest& request) {
  Database& db = session_.db();
  XP_ASSIGN_OR_RETURN(const ExperimentRow experiment, FindExperiment(db, request.experiment()));
  v1::CreateTrialRequest content = request;
  content.clear_request_id();
  const RequestMark mark = MarkRequest("CreateTrial", request.request_id(), content);
  XP_ASSIGN_OR_RETURN(const RequestSeen seen, FindRequest(db, mark));
  const TrialName name{experiment.name, request.trial_id()};
  if (seen == RequestSeen::kNew) {
    auto existing = FindTrial(db, name);
    if (existing.ok()) {
      return absl::AlreadyExistsError(
          absl::StrCat("trial_id: there is a trial ", existing->full_name(),
                       " already (names are compared without regard to case)"));
    }
    if (!absl::IsNotFound(existing.status())) return existing.status();
    v1::Trial trial = request.trial();
    XP_RETURN_IF_ERROR(ResolveSpec(session_, "trial.spec", *trial.mutable_spec()));
    XP_RETURN_IF_ERROR(
        InsertTrial(session_, experiment.id, request.trial_id(), trial, mark).status());
  }
  XP_ASSIGN_OR_RETURN(const TrialRow row, FindTrial(db, name));
  return ToTrial(db, row, TrialView::kFull);
}

absl::StatusOr<v1::Trial> SqliteTrialWrites::Update(const v1::UpdateTrialRequest& request) {
  Database& db = session_.db();
  const v1::Trial& given = request.trial();
  XP_ASSIGN_OR_RETURN(TrialRow row, FindTrial(db, given.name()));
  std::vector<std::string> paths(request.update_mask().paths().begin(),
                                 request.update_mask().paths().end());
  if (paths.empty()) paths = {"tags", "notes", "priority"};
  for (const std::string& path : paths) {
    if (path == "tags") {
      row.tags = TagsToJson(given.tags());
    } else if (path == "priority") {
      row.priority = given.priority();
    } else if (path == "notes") {
      XP_RETURN_IF_ERROR(
          db.Run("UPDATE trial_details SET notes = ? WHERE trial_id = ?", given.notes(), row.id));
    } else {
      return absl::InvalidArgumentError(absl::StrCat(
          "update_mask: '", path, "' cannot be changed; tags, notes and priority can"));
    }
  }
  row.update_time = session_.now_ns();
  XP_RETURN_IF_ERROR(SaveTrial(db, row));
  session_.changes().NoteTrial(row.id);
  return ToTrial(db, row, TrialView::kFull);
}

absl::Status SqliteTrialWrites::Delete(std::string_view name, DeletePolicy policy) {
  XP_ASSIGN_OR_RETURN(const TrialRow row, FindTrial(session_.db(), name));
  return MarkDeleted(session_, row, policy);
}

absl::StatusOr<v1::Trial> SqliteTrialWrites::Stop(std::string_view name, core::StopReason reason) {
  Database& db = session_.db();
  XP_ASSIGN_OR_RETURN(TrialRow row, FindTrial(db, name));
  if (row.state == core::TrialState::kStopping) return ToTrial(db, row, TrialView::kFull);
  if (row.state == core::TrialState::kFinishing) {
    // The process is gone: what is left to stop is only that it is queued again.
    XP_ASSIGN_OR_RETURN(AttemptRow attempt, FindAttempt(db, row.id, row.attempt));
    attempt.verdict = core::AfterLateStop(attempt.verdict, reason);
    XP_RETURN_IF_ERROR(SaveAttempt(db, attempt));
  }
  XP_RETURN_IF_ERROR(
      Transition(session_, row, core::TrialEvent::kStopRequested, WhyStopped(reason)));
  if (row.state != core::TrialState::kFinishing) row.stop = reason;
  XP_RETURN_IF_ERROR(SaveTrial(db, row));
  if (row.state == core::TrialState::kStopping && row.attempt > 0) {
    XP_RETURN_IF_ERROR(db.Run("UPDATE attempts SET state = ? WHERE trial_id = ? AND number = ?",
                              core::StateName(row.state), row.id, row.attempt));
  }
  return ToTrial(db, row, TrialView::kFull);
}

absl::StatusOr<v1::Trial> SqliteTrialWrites::Retry(const v1::RetryTrialRequest& request) {
  Database& db = session_.db();
  XP_ASSIGN_OR_RETURN(TrialRow row, FindTrial(db, request.name()));
  if (!request.request_id().empty() && row.retry_request_id == request.request_id()) {
    return ToTrial(db, row, TrialView::kFull);
  }
  XP_RETURN_IF_ERROR(
      Transition(session_, row, core::TrialEvent::kRetryRequested, "retry asked for by a user"));
  row.stop = core::StopReason::kNone;
  row.failures = 0;
  row.worker_faults = 0;
  row.faulted_workers.clear();
  row.used_ms = 0;
  row.retry_request_id = request.request_id();
  XP_ASSIGN_OR_RETURN(row.queue_order, session_.NextQueueOrder());
  XP_RETURN_IF_ERROR(SaveTrial(db, row));
  return ToTrial(db, row, TrialView::kFull);
}

}  // namespace xp::store
