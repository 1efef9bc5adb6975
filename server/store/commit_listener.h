// What a commit changed, told to those who keep something of it in memory (the scheduler, watch and
// follow streams): memory follows the commit, never precedes it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "server/core/ids.h"
#include "server/store/live_trial.h"
#include "xp/v1/metrics.pb.h"

namespace xp::store {

// An experiment was created, changed or deleted.
struct ExperimentChange {
  enum class Kind { kCreated, kUpdated, kDeleted };
  Kind kind = Kind::kUpdated;
  std::string experiment;
};

// A trial was created, or its state, attempt, priority, tags or notes changed. Several changes of a
// trial in one commit come as one, as it is afterwards.
struct TrialChange {
  std::shared_ptr<const LiveTrial> trial;
};

// A trial was deleted: from now on whatever names it is NOT_FOUND. Its worker ends the run.
struct TrialDeletion {
  core::AttemptKey key;  // the latest attempt; attempt 0: it had none
  std::string uid;
  std::string experiment;
  std::string name;    // within the experiment
  std::string worker;  // of the latest attempt when it had not ended; else empty
};

// Bytes of a source were stored.
struct SourceGrowth {
  core::AttemptKey key;
  v1::SourceKind source = v1::SOURCE_KIND_UNSPECIFIED;
  int32_t generation = 0;
  uint64_t end_offset = 0;
};

// An attempt's end is stored: its last byte and its verdict (Confirmed may go to its worker).
struct AttemptConfirmation {
  core::AttemptKey key;
  std::string uid;
  std::string worker;
};

// A worker was drained or undrained.
struct WorkerChange {
  std::string worker;
  bool drained = false;
  std::string reason;
};

struct CommittedChanges {
  std::vector<ExperimentChange> experiments;
  std::vector<TrialChange> trials;
  std::vector<TrialDeletion> deletions;
  std::vector<SourceGrowth> growths;              // one per source, its newest
  std::vector<core::AttemptKey> metrics_changed;  // attempts whose summaries changed, each once
  std::vector<AttemptConfirmation> confirmations;
  std::vector<WorkerChange> workers;

  bool empty() const {
    return experiments.empty() && trials.empty() && deletions.empty() && growths.empty() &&
           metrics_changed.empty() && confirmations.empty() && workers.empty();
  }
};

// Called on the writer's thread after each commit that changed something, in the order of commits
// and before the callers are answered. Must be short and must not call Store::Apply.
class CommitListener {
 public:
  virtual ~CommitListener() = default;
  virtual void OnCommit(const CommittedChanges& changes) = 0;
};

}  // namespace xp::store
