// Trials as core/trial_compare and the filters want them: from rows and summaries, never from
// points. For whoever has a connection.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "server/store/metric_store.h"
#include "server/store/series_block.h"
#include "server/store/sqlite/database.h"
#include "server/store/sqlite/trial_row.h"

namespace xp::store {

// An attempt and its series.
struct AttemptSummaries {
  int32_t number = 0;
  std::string worker;
  bool resumed = false;
  std::vector<SeriesEntry> series;
};

// Fills everything of `row` that comes from summaries: the attempts that count (DESIGN section 8).
void ShowCounting(const std::vector<AttemptSummaries>& attempts, CompareTrialRow& row);
// The same for one attempt by itself.
void ShowAttempt(const AttemptSummaries& attempt, CompareTrialRow& row);

// The rest, which comes from the trial's row. `params` are a serialised TrialSpec.
absl::Status FillFromTrial(const TrialRow& trial, std::string_view params, CompareTrialRow& row);

// The row of one trial, with its summaries.
absl::StatusOr<CompareTrialRow> LoadCompareRow(Database& db, const TrialRow& trial);

// Why an attempt that ran has no numbers, for people; empty when nothing better than its state is
// known.
absl::StatusOr<std::string> ExplainNoNumbers(Database& db, int64_t trial_id, int32_t attempt);

}  // namespace xp::store
