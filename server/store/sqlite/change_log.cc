#include "server/store/sqlite/change_log.h"

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>

#include <algorithm>
#include <memory>
#include <tuple>

#include "proto/status.h"
#include "server/store/sqlite/trial_row.h"

namespace xp::store {

ChangeLog::Mark ChangeLog::Here() const {
  return {changes_.experiments.size(),     trial_ids_.size(),
          changes_.deletions.size(),       changes_.growths.size(),
          changes_.metrics_changed.size(), changes_.confirmations.size(),
          changes_.workers.size()};
}

void ChangeLog::CutBackTo(const Mark& mark) {
  changes_.experiments.resize(mark.experiments);
  trial_ids_.resize(mark.trials);
  changes_.deletions.resize(mark.deletions);
  changes_.growths.resize(mark.growths);
  changes_.metrics_changed.resize(mark.metrics);
  changes_.confirmations.resize(mark.confirmations);
  changes_.workers.resize(mark.workers);
}

void ChangeLog::Clear() {
  changes_ = {};
  trial_ids_.clear();
}

absl::StatusOr<CommittedChanges> ChangeLog::Take(Database& db) {
  absl::flat_hash_set<int64_t> seen;
  for (const TrialDeletion& deletion : changes_.deletions) seen.insert(deletion.key.trial.value);
  for (const int64_t id : trial_ids_) {
    if (!seen.insert(id).second) continue;
    XP_ASSIGN_OR_RETURN(const TrialRow row, LoadTrial(db, id));
    XP_ASSIGN_OR_RETURN(LiveTrial live, ToLiveTrial(db, row));
    changes_.trials.push_back({std::make_shared<const LiveTrial>(std::move(live))});
  }
  auto& metrics = changes_.metrics_changed;
  std::sort(metrics.begin(), metrics.end());
  metrics.erase(std::unique(metrics.begin(), metrics.end()), metrics.end());
  // Of each source the newest growth.
  absl::flat_hash_map<std::pair<core::AttemptKey, int>, SourceGrowth> newest;
  for (const SourceGrowth& growth : changes_.growths) newest[{growth.key, growth.source}] = growth;
  changes_.growths.clear();
  for (const auto& [key, growth] : newest) changes_.growths.push_back(growth);
  CommittedChanges taken = std::move(changes_);
  Clear();
  return taken;
}

}  // namespace xp::store
