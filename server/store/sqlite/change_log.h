// Collects, while a group is written, what listeners are told when it is durable. What an item
// noted goes with the item when it is undone.
#pragma once

#include <absl/status/status.h>

#include <string>
#include <utility>
#include <vector>

#include "server/store/commit_listener.h"
#include "server/store/sqlite/database.h"

namespace xp::store {

// Only the writer's thread.
class ChangeLog {
 public:
  void NoteExperiment(ExperimentChange::Kind kind, std::string name) {
    changes_.experiments.push_back({kind, std::move(name)});
  }
  void NoteTrial(int64_t trial_id) { trial_ids_.push_back(trial_id); }
  void NoteDeletion(TrialDeletion deletion) { changes_.deletions.push_back(std::move(deletion)); }
  void NoteGrowth(SourceGrowth growth) { changes_.growths.push_back(growth); }
  void NoteMetrics(core::AttemptKey key) { changes_.metrics_changed.push_back(key); }
  void NoteConfirmation(AttemptConfirmation confirmation) {
    changes_.confirmations.push_back(std::move(confirmation));
  }
  void NoteWorker(WorkerChange change) { changes_.workers.push_back(std::move(change)); }

  // A place to which what was noted later is cut back, when it is undone.
  struct Mark {
    size_t experiments = 0, trials = 0, deletions = 0, growths = 0, metrics = 0, confirmations = 0,
           workers = 0;
  };
  Mark Here() const;
  void CutBackTo(const Mark& mark);
  void Clear();

  // What is to be told, duplicates merged, trials as the transaction leaves them; then empty.
  absl::StatusOr<CommittedChanges> Take(Database& db);

 private:
  CommittedChanges changes_;
  std::vector<int64_t> trial_ids_;
};

}  // namespace xp::store
