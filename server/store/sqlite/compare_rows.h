// Trials as core/trial_compare and the filters want them: from rows and summaries, never from
// points. For whoever has a connection.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "server/core/resume.h"
#include "server/store/metric_store.h"
#include "server/store/series_block.h"
#include "server/store/sqlite/database.h"
#include "server/store/sqlite/trial_row.h"

namespace xp::store {

// An attempt and its series.
struct AttemptSummaries {
  int64_t id = 0;
  int32_t number = 0;
  std::string worker;
  bool resumed = false;
  std::vector<SeriesEntry> series;
};

// One metric of what is shown. Refers into the attempts that it was chosen from.
struct CountingSeries {
  size_t attempt = 0;  // index of the attempt that is shown
  uint32_t number = 0;
  const SeriesEntry* entry = nullptr;
  bool several_sources = false;
  // Of a resumed attempt: what counts of its predecessors, oldest first. Empty: it alone.
  std::vector<core::SeriesPart> older;
};

// The attempts that count (DESIGN section 8), `attempts` by rising number: of each metric one
// series, the attempt's own first. `shown` is the index of the attempt that the row is of.
std::vector<CountingSeries> ChooseCounting(const std::vector<AttemptSummaries>& attempts,
                                           size_t& shown);
// The same for one attempt by itself; `index` is its place among `attempts`.
std::vector<CountingSeries> ChooseOf(const std::vector<AttemptSummaries>& attempts, size_t index);

// The series of `metric` in an attempt that compare shows; nothing: it has none.
std::optional<CountingSeries> ChooseSource(const AttemptSummaries& attempt,
                                           std::string_view metric);

// Fills everything of `row` that comes from summaries.
void ShowCounting(const std::vector<AttemptSummaries>& attempts, CompareTrialRow& row);
void ShowAttempt(const std::vector<AttemptSummaries>& attempts, size_t index, CompareTrialRow& row);

// All attempts of a trial with their series.
absl::StatusOr<std::vector<AttemptSummaries>> LoadSummaries(Database& db, int64_t trial_id);

// The rest, which comes from the trial's row. `params` are a serialised TrialSpec.
absl::Status FillFromTrial(const TrialRow& trial, std::string_view params, CompareTrialRow& row);

// Why an attempt that ran has no numbers, for people; empty when nothing better than its state is
// known.
absl::StatusOr<std::string> ExplainNoNumbers(Database& db, int64_t trial_id, int32_t attempt);

}  // namespace xp::store
