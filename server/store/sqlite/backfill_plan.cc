#include "server/store/sqlite/backfill_plan.h"

#include <absl/strings/match.h>
#include <absl/strings/strip.h>

#include "proto/status.h"
#include "server/store/sqlite/series_set.h"
#include "server/store/sqlite/source_row.h"

namespace xp::store {
namespace {

constexpr std::string_view kPreset = "preset:";

// The attempt itself applied what its trial was submitted with.
bool AppliedInRun(const v1::TrialSpec& spec, const v1::MetricDefinition& wanted) {
  if (absl::StartsWith(wanted.name(), ToAbsl(kPreset))) {
    return wanted.name() == PresetName(spec.metrics_preset());
  }
  for (const v1::MetricDefinition& own : spec.metric_definitions()) {
    if (own.name() == wanted.name()) {
      return own.regex() == wanted.regex() && wanted.revision() == 1;
    }
  }
  return false;
}

absl::StatusOr<bool> IsDone(Database& db, int64_t attempt_id, const v1::MetricDefinition& wanted) {
  Query query(db, "SELECT 1 FROM backfill_done WHERE attempt_id = ? AND name = ? AND revision = ?",
              attempt_id, wanted.name(), wanted.revision());
  const bool done = query.Next();
  XP_RETURN_IF_ERROR(query.status());
  return done;
}

absl::Status DropAside(Database& db, int64_t attempt_id) {
  XP_ASSIGN_OR_RETURN(SeriesSet set, SeriesSet::Load(db, attempt_id));
  for (uint32_t i = 0; i < set.entries().size(); ++i) {
    if (set.entries()[i].status != SeriesStatus::kAside) continue;
    XP_RETURN_IF_ERROR(
        db.Run("DELETE FROM point_chunks WHERE attempt_id = ? AND series = ?", attempt_id, i));
    set.Edit(i) = SeriesEntry();
    set.Edit(i).status = SeriesStatus::kDropped;
  }
  return set.Save(db);
}

}  // namespace

std::string PresetName(std::string_view preset) {
  return absl::StrCat(ToAbsl(kPreset), ToAbsl(preset));
}

absl::StatusOr<std::vector<v1::MetricDefinition>> AddedDefinitions(Database& db, int64_t trial_id) {
  std::vector<v1::MetricDefinition> definitions;
  Query query(db,
              "SELECT name, regex, goal, max(revision) FROM backfill_definitions WHERE "
              "trial_id = ? GROUP BY name ORDER BY name",
              trial_id);
  while (query.Next()) {
    v1::MetricDefinition& definition = definitions.emplace_back();
    definition.set_name(query.Text(0));
    definition.set_regex(query.Text(1));
    definition.set_goal(static_cast<v1::Goal>(query.Int(2)));
    definition.set_revision(query.Int32(3));
  }
  XP_RETURN_IF_ERROR(query.status());
  return definitions;
}

bool HasEnded(const TrialRow& trial, const AttemptRow& attempt) {
  return attempt.confirmed || attempt.number < trial.attempt || core::IsEnded(trial.state);
}

absl::StatusOr<BackfillPlan> PlanAttempt(Database& db, const TrialRow& trial,
                                         const AttemptRow& attempt, const v1::TrialSpec& spec,
                                         const std::vector<v1::MetricDefinition>& wanted) {
  using Readiness = BackfillPlan::Readiness;
  BackfillPlan plan;
  plan.trial_uid = trial.uid;
  plan.name = trial.full_name();
  plan.attempt = attempt.number;
  plan.time_zone = attempt.time_zone;
  plan.utc_offset_s = attempt.utc_offset_s;
  for (const v1::MetricDefinition& definition : wanted) {
    if (AppliedInRun(spec, definition)) continue;
    XP_ASSIGN_OR_RETURN(const bool done, IsDone(db, attempt.id, definition));
    if (done) continue;
    if (absl::StartsWith(definition.name(), ToAbsl(kPreset))) {
      plan.metrics_preset = definition.name().substr(kPreset.size());
    } else {
      plan.definitions.push_back(definition);
    }
  }
  XP_ASSIGN_OR_RETURN(const SourceRow log, FindSource(db, attempt.id, v1::SOURCE_KIND_LOG));
  plan.log_bytes = log.held;
  plan.bytes_not_kept = log.bytes_not_kept;
  if (plan.definitions.empty() && plan.metrics_preset.empty()) {
    plan.readiness = Readiness::kUnchanged;
  } else if (!HasEnded(trial, attempt)) {
    plan.readiness = Readiness::kWaitsForEnd;
  } else if (log.held == 0) {
    plan.readiness = Readiness::kNoLog;
  }
  return plan;
}

absl::Status DropBuilds(Database& db, int64_t attempt_id) {
  std::vector<int64_t> attempts;
  {
    Query query(db, "SELECT attempt_id FROM backfill_builds WHERE ?1 = 0 OR attempt_id = ?1",
                attempt_id);
    while (query.Next()) attempts.push_back(query.Int(0));
    XP_RETURN_IF_ERROR(query.status());
  }
  for (const int64_t id : attempts) {
    XP_RETURN_IF_ERROR(DropAside(db, id));
    XP_RETURN_IF_ERROR(db.Run("DELETE FROM backfill_builds WHERE attempt_id = ?", id));
  }
  return absl::OkStatus();
}

}  // namespace xp::store
