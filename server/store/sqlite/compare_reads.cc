#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>

#include <iterator>

#include "proto/status.h"
#include "server/store/sqlite/compare_rows.h"
#include "server/store/sqlite/experiment_row.h"
#include "server/store/sqlite/metric_reads.h"
#include "server/store/words.h"

namespace xp::store {
namespace {

core::MetricGoal GoalOf(v1::Goal goal) {
  switch (goal) {
    case v1::GOAL_MINIMIZE:
      return core::MetricGoal::kMin;
    case v1::GOAL_MAXIMIZE:
      return core::MetricGoal::kMax;
    default:
      return core::MetricGoal::kUnset;
  }
}

void AddGoal(CompareData& data, absl::flat_hash_map<std::string, size_t>& places,
             const std::string& metric, v1::Goal goal) {
  const auto [place, is_new] = places.emplace(metric, data.goals.size());
  if (is_new) data.goals.push_back({metric, GoalOf(goal)});
  core::MetricGoal& held = data.goals[place->second].goal;
  if (held == core::MetricGoal::kUnset) held = GoalOf(goal);
}

// The definitions of an experiment's trials and of its backfills, each metric once.
absl::Status LoadGoals(Database& db, int64_t experiment_id, CompareData& data,
                       absl::flat_hash_map<std::string, size_t>& places) {
  {
    Query query(
        db,
        "SELECT content FROM definition_sets WHERE id IN (SELECT definitions_id FROM trials "
        "WHERE experiment_id = ? AND deleted = 0) ORDER BY id",
        experiment_id);
    while (query.Next()) {
      const std::string_view bytes = query.View(0);
      v1::TrialSpec spec;
      if (!spec.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
        return absl::DataLossError("a set of definitions cannot be read");
      }
      for (const v1::MetricDefinition& definition : spec.metric_definitions()) {
        AddGoal(data, places, definition.name(), definition.goal());
      }
    }
    XP_RETURN_IF_ERROR(query.status());
  }
  Query query(
      db,
      "SELECT d.name, d.goal FROM backfill_definitions d JOIN trials t ON t.id = d.trial_id "
      "WHERE t.experiment_id = ? AND t.deleted = 0 AND d.name NOT LIKE 'preset:%' "
      "GROUP BY d.name ORDER BY min(d.trial_id), d.name",
      experiment_id);
  while (query.Next()) {
    AddGoal(data, places, query.Text(0), static_cast<v1::Goal>(query.Int(1)));
  }
  return query.status();
}

// Walks attempts and blocks of an experiment beside its trials, both in the order of trials.
class SummaryWalk {
 public:
  SummaryWalk(Database& db, int64_t experiment_id)
      : query_(db,
               "SELECT a.trial_id, a.id, a.number, a.worker, a.resumed, b.data FROM trials t "
               "CROSS JOIN attempts a ON a.trial_id = t.id LEFT JOIN series_blocks b ON "
               "b.id BETWEEN a.id * 1024 AND a.id * 1024 + 1023 "
               "WHERE t.experiment_id = ? AND t.deleted = 0 ORDER BY t.id, a.number, b.id",
               experiment_id) {
    more_ = query_.Next();
  }

  // The attempts of `trial_id`, which must come after the one before.
  absl::StatusOr<std::vector<AttemptSummaries>> Take(int64_t trial_id) {
    std::vector<AttemptSummaries> attempts;
    for (; more_ && query_.Int(0) == trial_id; more_ = query_.Next()) {
      if (attempts.empty() || attempts.back().id != query_.Int(1)) {
        attempts.push_back({query_.Int(1), query_.Int32(2), query_.Text(3), query_.Bool(4), {}});
      }
      if (query_.IsNull(5)) continue;
      XP_ASSIGN_OR_RETURN(auto block, UnpackBlock(query_.View(5)));
      auto& series = attempts.back().series;
      if (series.empty()) {
        series = std::move(block);
      } else {
        series.insert(series.end(), std::make_move_iterator(block.begin()),
                      std::make_move_iterator(block.end()));
      }
    }
    XP_RETURN_IF_ERROR(query_.status());
    return attempts;
  }

 private:
  Query query_;
  bool more_ = false;
};

absl::Status LoadRows(Database& db, const ExperimentRow& experiment, v1::AttemptView view,
                      CompareData& data) {
  SummaryWalk walk(db, experiment.id);
  Query query(
      db,
      "SELECT t.id, t.name, t.state, t.failure, t.stop, t.attempt, t.worker, t.create_time, "
      "t.start_time, t.end_time, t.priority, t.tags, t.params FROM trials t "
      "WHERE t.experiment_id = ? AND t.deleted = 0 ORDER BY t.id",
      experiment.id);
  while (query.Next()) {
    TrialRow trial;
    trial.id = query.Int(0);
    trial.experiment = experiment.name;
    trial.name = query.Text(1);
    XP_ASSIGN_OR_RETURN(trial.state, StoredState(query.View(2)));
    XP_ASSIGN_OR_RETURN(trial.failure, StoredFailure(query.View(3)));
    XP_ASSIGN_OR_RETURN(trial.stop, StoredStop(query.View(4)));
    trial.attempt = query.Int32(5);
    trial.worker = query.Text(6);
    trial.create_time = query.Int(7);
    trial.start_time = query.Int(8);
    trial.end_time = query.Int(9);
    trial.priority = query.Int32(10);
    trial.tags = query.Text(11);
    XP_ASSIGN_OR_RETURN(const auto attempts, walk.Take(trial.id));
    if (view == v1::ATTEMPT_VIEW_ALL && !attempts.empty()) {
      for (size_t i = 0; i < attempts.size(); ++i) {
        CompareTrialRow row;
        ShowAttempt(attempts, i, row);
        XP_RETURN_IF_ERROR(FillFromTrial(trial, query.View(12), row));
        data.rows.push_back(std::move(row));
      }
    } else {
      CompareTrialRow row;
      ShowCounting(attempts, row);
      XP_RETURN_IF_ERROR(FillFromTrial(trial, query.View(12), row));
      data.rows.push_back(std::move(row));
    }
  }
  return query.status();
}

}  // namespace

absl::StatusOr<CompareData> SqliteMetricReads::Compare(const std::vector<std::string>& experiments,
                                                       v1::AttemptView attempts) {
  ReadSession session(pool_);
  XP_RETURN_IF_ERROR(session.status());
  CompareData data;
  absl::flat_hash_map<std::string, size_t> places;
  absl::flat_hash_set<int64_t> seen;
  for (const std::string& name : experiments) {
    XP_ASSIGN_OR_RETURN(const ExperimentRow experiment, FindExperiment(session.db(), name));
    if (!seen.insert(experiment.id).second) continue;
    if (data.rank_by.empty()) data.rank_by = experiment.rank_by;
    XP_RETURN_IF_ERROR(LoadGoals(session.db(), experiment.id, data, places));
    XP_RETURN_IF_ERROR(LoadRows(session.db(), experiment, attempts, data));
  }
  for (CompareTrialRow& row : data.rows) {
    if (!row.trial.metrics.empty() || row.attempt == 0) continue;
    XP_ASSIGN_OR_RETURN(row.trial.no_numbers,
                        ExplainNoNumbers(session.db(), row.trial.id.value, row.attempt));
  }
  return data;
}

void FillSummary(const core::MetricSummary& summary, const CompareSeries& series,
                 v1::Summary* message) {
  message->set_count(summary.count);
  message->set_nan_count(summary.nan_count);
  message->set_inf_count(summary.inf_count);
  if (summary.has_values()) {
    message->set_min(summary.min.value);
    message->set_max(summary.max.value);
    message->set_avg(summary.mean);
    message->set_stddev(summary.StdDev());
    message->set_first(summary.first.value);
    message->set_last(summary.last.value);
    message->set_min_step(summary.min.step);
    message->set_max_step(summary.max.step);
  }
  if (summary.points() > 0) {
    *message->mutable_last_time() = ToTimestamp(series.last_time_ms * 1'000'000);
    message->set_last_step(series.last_step);
  }
}

}  // namespace xp::store
