#include "server/store/sqlite/experiment_writes.h"

#include <vector>

#include "proto/resource_name.h"
#include "proto/status.h"
#include "server/store/sqlite/experiment_row.h"
#include "server/store/sqlite/insert_rows.h"
#include "server/store/sqlite/trial_life.h"
#include "server/store/sqlite/trial_row.h"
#include "server/store/words.h"

namespace xp::store {

absl::StatusOr<v1::Experiment> SqliteExperimentWrites::Create(
    const v1::CreateExperimentRequest& request) {
  Database& db = session_.db();
  v1::CreateExperimentRequest content = request;
  content.clear_request_id();
  const RequestMark mark = MarkRequest("CreateExperiment", request.request_id(), content);
  XP_ASSIGN_OR_RETURN(const RequestSeen seen, FindRequest(db, mark));
  if (seen == RequestSeen::kNew) {
    auto existing = FindExperiment(db, request.experiment_id());
    if (existing.ok()) {
      return absl::AlreadyExistsError(
          absl::StrCat("experiment_id: there is an experiment ", existing->name,
                       " already (names are compared without regard to case)"));
    }
    if (!absl::IsNotFound(existing.status())) return existing.status();
    XP_RETURN_IF_ERROR(
        InsertExperiment(session_, request.experiment(), request.experiment_id(), mark).status());
  }
  XP_ASSIGN_OR_RETURN(const ExperimentRow row, FindExperiment(db, request.experiment_id()));
  return ToExperiment(db, row);
}

absl::StatusOr<v1::Experiment> SqliteExperimentWrites::Update(
    const v1::UpdateExperimentRequest& request) {
  Database& db = session_.db();
  const v1::Experiment& given = request.experiment();
  XP_ASSIGN_OR_RETURN(ExperimentRow row, FindExperiment(db, given.name()));
  std::vector<std::string> paths(request.update_mask().paths().begin(),
                                 request.update_mask().paths().end());
  if (paths.empty()) paths = {"description", "rank_by", "tags", "notes"};
  for (const std::string& path : paths) {
    if (path == "description") {
      row.description = given.description();
    } else if (path == "rank_by") {
      row.rank_by = given.rank_by();
    } else if (path == "tags") {
      row.tags = TagsToJson(given.tags());
    } else if (path == "notes") {
      row.notes = given.notes();
    } else {
      return absl::InvalidArgumentError(absl::StrCat(
          "update_mask: '", path, "' cannot be changed; description, rank_by, tags and notes can"));
    }
  }
  row.update_time = session_.now_ns();
  XP_RETURN_IF_ERROR(
      db.Run("UPDATE experiments SET description = ?2, rank_by = ?3, tags = ?4, notes = ?5, "
             "update_time = ?6 WHERE id = ?1",
             row.id, row.description, row.rank_by, row.tags, row.notes, row.update_time));
  session_.changes().NoteExperiment(ExperimentChange::Kind::kUpdated, row.name);
  return ToExperiment(db, row);
}

absl::Status SqliteExperimentWrites::Delete(std::string_view name, DeletePolicy policy) {
  Database& db = session_.db();
  XP_ASSIGN_OR_RETURN(const ExperimentRow row, FindExperiment(db, name));
  std::vector<TrialRow> trials;
  Query query(
      db, "SELECT " XP_TRIAL_COLUMNS " WHERE t.experiment_id = ? AND t.deleted = 0 ORDER BY t.id",
      row.id);
  while (query.Next()) {
    XP_ASSIGN_OR_RETURN(TrialRow trial, ReadTrialRow(query));
    trials.push_back(std::move(trial));
  }
  XP_RETURN_IF_ERROR(query.status());
  for (const TrialRow& trial : trials) {
    XP_RETURN_IF_ERROR(MarkDeleted(session_, trial, policy));
  }
  XP_RETURN_IF_ERROR(db.Run("UPDATE experiments SET deleted = 1 WHERE id = ?", row.id));
  session_.changes().NoteExperiment(ExperimentChange::Kind::kDeleted, row.name);
  return absl::OkStatus();
}

}  // namespace xp::store
