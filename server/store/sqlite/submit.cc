#include <absl/container/flat_hash_set.h>

#include "proto/resource_name.h"
#include "proto/status.h"
#include "server/store/sqlite/experiment_row.h"
#include "server/store/sqlite/experiment_writes.h"
#include "server/store/sqlite/insert_rows.h"
#include "server/store/sqlite/manifest_refs.h"
#include "server/store/sqlite/trial_row.h"

namespace xp::store {
namespace {

// The trial of this name in the experiment; 0: none.
absl::StatusOr<int64_t> FindByName(Database& db, int64_t experiment_id, std::string_view name) {
  Query query(db,
              "SELECT id FROM trials WHERE experiment_id = ? AND folded_name = ? AND deleted = 0",
              experiment_id, FoldName(name));
  const int64_t id = query.Next() ? query.Int(0) : 0;
  XP_RETURN_IF_ERROR(query.status());
  return id;
}

// ALREADY_EXISTS when trial `id` is something else than `given`, whose spec is resolved.
absl::Status RequireEqual(Database& db, int64_t id, const std::string& field,
                          const v1::Trial& given) {
  XP_ASSIGN_OR_RETURN(const v1::TrialSpec held, LoadSpec(db, id));
  const std::string difference = FirstDifference(held, given.spec());
  if (difference.empty()) return absl::OkStatus();
  return absl::AlreadyExistsError(
      absl::StrCat(field, ".name: trial ", given.name(), " exists with another spec: ", difference,
                   "; give the changed trial a new name, or delete the old one"));
}

class Submission {
 public:
  Submission(WriteSession& session, const v1::SubmitExperimentRequest& request)
      : session_(session),
        request_(request),
        mark_(MarkRequest("Submit", request.request_id(), Content(request))) {}

  absl::StatusOr<v1::SubmitExperimentResponse> Run() {
    XP_ASSIGN_OR_RETURN(const RequestSeen seen, FindRequest(session_.db(), mark_));
    if (seen == RequestSeen::kRepeated) return FirstAnswer();
    XP_RETURN_IF_ERROR(RequireExperiment());
    for (int i = 0; i < request_.trials_size(); ++i) {
      XP_RETURN_IF_ERROR(SubmitTrial(i));
    }
    XP_RETURN_IF_ERROR(FillExperiment());
    return std::move(response_);
  }

 private:
  // What a repeated request must have in common with the first: all but these two.
  static v1::SubmitExperimentRequest Content(v1::SubmitExperimentRequest request) {
    request.clear_request_id();
    request.clear_validate_only();
    return request;
  }

  absl::Status RequireExperiment() {
    const std::string& name = request_.experiment().name();
    {
      Query query(session_.db(), "SELECT id FROM experiments WHERE folded_name = ? AND deleted = 0",
                  FoldName(name));
      if (query.Next()) {
        experiment_id_ = query.Int(0);
        return absl::OkStatus();
      }
      XP_RETURN_IF_ERROR(query.status());
    }
    XP_ASSIGN_OR_RETURN(experiment_id_,
                        InsertExperiment(session_, request_.experiment(), name, mark_));
    return absl::OkStatus();
  }

  absl::Status SubmitTrial(int index) {
    const std::string field = absl::StrCat("trials[", index, "]");
    v1::Trial trial = request_.trials(index);
    if (!seen_.insert(FoldName(trial.name())).second) {
      return absl::InvalidArgumentError(absl::StrCat(
          field, ".name: '", trial.name(),
          "' stands twice in the request (names are compared without regard to case)"));
    }
    XP_RETURN_IF_ERROR(ResolveSpec(session_, field + ".spec", *trial.mutable_spec()));
    XP_ASSIGN_OR_RETURN(const int64_t existing,
                        FindByName(session_.db(), experiment_id_, trial.name()));
    if (existing != 0) {
      XP_RETURN_IF_ERROR(RequireEqual(session_.db(), existing, field, trial));
      response_.add_unchanged_trials(trial.name());
      return absl::OkStatus();
    }
    XP_RETURN_IF_ERROR(InsertTrial(session_, experiment_id_, trial.name(), trial, mark_).status());
    response_.add_created_trials(trial.name());
    return absl::OkStatus();
  }

  absl::Status FillExperiment() {
    XP_ASSIGN_OR_RETURN(const ExperimentRow row,
                        FindExperiment(session_.db(), request_.experiment().name()));
    XP_ASSIGN_OR_RETURN(*response_.mutable_experiment(), ToExperiment(session_.db(), row));
    return absl::OkStatus();
  }

  // What the first call answered: the trials that carry its request_id were created by it. Those
  // that were deleted since are named no more.
  absl::StatusOr<v1::SubmitExperimentResponse> FirstAnswer() {
    XP_RETURN_IF_ERROR(FillExperiment());
    XP_ASSIGN_OR_RETURN(const ExperimentRow experiment,
                        FindExperiment(session_.db(), request_.experiment().name()));
    absl::flat_hash_set<std::string> created;
    Query query(session_.db(),
                "SELECT folded_name FROM trials WHERE request_id = ? AND deleted = 0", mark_.id);
    while (query.Next()) created.insert(query.Text(0));
    XP_RETURN_IF_ERROR(query.status());
    for (const v1::Trial& trial : request_.trials()) {
      if (created.contains(FoldName(trial.name()))) {
        response_.add_created_trials(trial.name());
        continue;
      }
      XP_ASSIGN_OR_RETURN(const int64_t existing,
                          FindByName(session_.db(), experiment.id, trial.name()));
      if (existing != 0) response_.add_unchanged_trials(trial.name());
    }
    return std::move(response_);
  }

  WriteSession& session_;
  const v1::SubmitExperimentRequest& request_;
  const RequestMark mark_;
  int64_t experiment_id_ = 0;
  absl::flat_hash_set<std::string> seen_;
  v1::SubmitExperimentResponse response_;
};

}  // namespace

absl::StatusOr<v1::SubmitExperimentResponse> SqliteExperimentWrites::Submit(
    const v1::SubmitExperimentRequest& request) {
  if (!request.validate_only()) return Submission(session_, request).Run();
  // Everything is done as if in earnest, and taken back.
  Database& db = session_.db();
  XP_RETURN_IF_ERROR(db.Run("SAVEPOINT validation"));
  const ChangeLog::Mark mark = session_.changes().Here();
  auto response = Submission(session_, request).Run();
  session_.changes().CutBackTo(mark);
  XP_RETURN_IF_ERROR(db.Run("ROLLBACK TO validation"));
  XP_RETURN_IF_ERROR(db.Run("RELEASE validation"));
  return response;
}

}  // namespace xp::store
