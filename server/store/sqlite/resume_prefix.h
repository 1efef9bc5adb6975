// Of a resumed attempt: what counts of its predecessors (core/resume), summarised once and kept
// with its series. Older attempts are fenced, so their points no longer change.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <vector>

#include "server/store/sqlite/attempt_row.h"
#include "server/store/sqlite/series_set.h"
#include "server/store/sqlite/trial_row.h"

namespace xp::store {

// For the length of a change. All outlive it.
class PrefixKeeper {
 public:
  PrefixKeeper(Database* db, const TrialRow* trial, const AttemptRow* attempt)
      : db_(*db), trial_(*trial), attempt_(*attempt) {}

  // Sets or clears `entry.prefix`; `entry` is a series of the attempt.
  absl::Status Update(SeriesEntry& entry);

  // The same for every series that the attempt has stored.
  absl::Status UpdateAll();

 private:
  struct Older {
    AttemptRow attempt;
    SeriesSet series;
  };
  absl::Status LoadOlder();
  absl::StatusOr<core::MetricSummary> Summarise(const SeriesSet& series, uint32_t number,
                                                const core::PointCut& cut);

  Database& db_;
  const TrialRow& trial_;
  const AttemptRow& attempt_;
  bool loaded_ = false;
  std::vector<Older> older_;  // by rising number
};

}  // namespace xp::store
