#include "server/store/sqlite/experiment_row.h"

#include <vector>

#include "proto/resource_name.h"
#include "proto/status.h"
#include "server/store/sqlite/nearest_name.h"
#include "server/store/words.h"

namespace xp::store {

ExperimentRow ReadExperimentRow(const Query& query) {
  ExperimentRow row;
  row.id = query.Int(0);
  row.uid = query.Text(1);
  row.name = query.Text(2);
  row.description = query.Text(3);
  row.rank_by = query.Text(4);
  row.tags = query.Text(5);
  row.notes = query.Text(6);
  row.create_time = query.Int(7);
  row.update_time = query.Int(8);
  return row;
}

absl::StatusOr<ExperimentRow> FindExperiment(Database& db, std::string_view name) {
  {
    Query query(db, "SELECT " XP_EXPERIMENT_COLUMNS "WHERE folded_name = ? AND deleted = 0",
                FoldName(name));
    if (query.Next()) return ReadExperimentRow(query);
    XP_RETURN_IF_ERROR(query.status());
  }
  std::vector<std::string> names;
  Query query(db, "SELECT name FROM experiments WHERE deleted = 0 ORDER BY id DESC LIMIT 10000");
  while (query.Next()) names.push_back(query.Text(0));
  XP_RETURN_IF_ERROR(query.status());
  return absl::NotFoundError(absl::StrCat("no experiment ", ToAbsl(name),
                                          DescribeNearest(name, names, "xpctl experiments")));
}

absl::StatusOr<v1::Experiment> ToExperiment(Database& db, const ExperimentRow& row) {
  v1::Experiment experiment;
  experiment.set_name(row.name);
  experiment.set_uid(row.uid);
  experiment.set_description(row.description);
  experiment.set_rank_by(row.rank_by);
  TagsFromJson(row.tags, *experiment.mutable_tags());
  experiment.set_notes(row.notes);
  *experiment.mutable_create_time() = ToTimestamp(row.create_time);
  *experiment.mutable_update_time() = ToTimestamp(row.update_time);
  int counts[core::kTrialStates.size()] = {};
  Query query(db,
              "SELECT state, count(*) FROM trials WHERE experiment_id = ? AND deleted = 0 "
              "GROUP BY state",
              row.id);
  while (query.Next()) {
    XP_ASSIGN_OR_RETURN(const core::TrialState state, StoredState(query.View(0)));
    counts[static_cast<size_t>(state)] = query.Int32(1);
  }
  XP_RETURN_IF_ERROR(query.status());
  for (const core::TrialState state : core::kTrialStates) {
    const int count = counts[static_cast<size_t>(state)];
    if (count == 0) continue;
    v1::StateCount* entry = experiment.add_trial_counts();
    entry->set_state(ToMessage(state));
    entry->set_count(count);
  }
  return experiment;
}

}  // namespace xp::store
