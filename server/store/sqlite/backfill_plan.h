// What a backfill has to do for one attempt. For whoever has a connection.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <string>
#include <vector>

#include "server/store/backfill_store.h"
#include "server/store/sqlite/attempt_row.h"
#include "server/store/sqlite/trial_row.h"

namespace xp::store {

// A preset among the definitions: "preset:NAME", revision 1, no regex.
std::string PresetName(std::string_view preset);

// The newest revision of each definition that was added to a trial after its submit; a preset is
// among them under its name.
absl::StatusOr<std::vector<v1::MetricDefinition>> AddedDefinitions(Database& db, int64_t trial_id);

// No byte of it comes any more.
bool HasEnded(const TrialRow& trial, const AttemptRow& attempt);

// The plan for one attempt out of `wanted`, whose revisions are set.
absl::StatusOr<BackfillPlan> PlanAttempt(Database& db, const TrialRow& trial,
                                         const AttemptRow& attempt, const v1::TrialSpec& spec,
                                         const std::vector<v1::MetricDefinition>& wanted);

// Takes back every build that was begun and not finished (`attempt_id` 0: of all attempts).
absl::Status DropBuilds(Database& db, int64_t attempt_id);

}  // namespace xp::store
