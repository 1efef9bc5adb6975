#include "server/store/sqlite/backfill_writes.h"

#include <absl/container/flat_hash_set.h>

#include <algorithm>

#include "proto/limits.h"
#include "proto/status.h"
#include "server/store/sqlite/backfill_plan.h"
#include "server/store/sqlite/experiment_row.h"
#include "server/store/sqlite/incoming_points.h"
#include "server/store/sqlite/resume_prefix.h"
#include "server/store/sqlite/series_set.h"
#include "server/store/sqlite/source_row.h"
#include "server/store/words.h"

namespace xp::store {
namespace {

absl::StatusOr<std::vector<TrialRow>> FindTrials(Database& db,
                                                 const v1::BackfillMetricsRequest& request) {
  XP_ASSIGN_OR_RETURN(const ExperimentRow experiment, FindExperiment(db, request.experiment()));
  std::vector<TrialRow> trials;
  for (const std::string& name : request.trials()) {
    XP_ASSIGN_OR_RETURN(TrialRow trial, FindTrial(db, TrialName{experiment.name, name}));
    trials.push_back(std::move(trial));
  }
  if (!trials.empty()) return trials;
  Query query(
      db, "SELECT " XP_TRIAL_COLUMNS " WHERE t.experiment_id = ? AND t.deleted = 0 ORDER BY t.id",
      experiment.id);
  while (query.Next()) {
    XP_ASSIGN_OR_RETURN(TrialRow trial, ReadTrialRow(query));
    trials.push_back(std::move(trial));
  }
  XP_RETURN_IF_ERROR(query.status());
  return trials;
}

// Sets the revision of `wanted` for a trial: that of an equal definition, else the next one, which
// is remembered.
absl::Status Revise(Database& db, int64_t trial_id, const v1::TrialSpec& spec,
                    const std::vector<v1::MetricDefinition>& added, v1::MetricDefinition& wanted) {
  const v1::MetricDefinition* newest = nullptr;
  for (const v1::MetricDefinition& own : spec.metric_definitions()) {
    if (own.name() == wanted.name()) newest = &own;
  }
  for (const v1::MetricDefinition& later : added) {
    if (later.name() == wanted.name()) newest = &later;
  }
  if (newest != nullptr && newest->regex() == wanted.regex()) {
    wanted.set_revision(std::max(1, newest->revision()));
    return absl::OkStatus();
  }
  wanted.set_revision(newest == nullptr ? 1 : std::max(1, newest->revision()) + 1);
  return db.Run(
      "INSERT INTO backfill_definitions (trial_id, name, revision, regex, goal) "
      "VALUES (?, ?, ?, ?, ?)",
      trial_id, wanted.name(), wanted.revision(), wanted.regex(), static_cast<int>(wanted.goal()));
}

struct Build {
  FencedAttempt both;  // of the attempt, which need not be the trial's latest
  v1::BackfillMetricsRequest plan;
};

absl::StatusOr<Build> FindBuild(Database& db, int64_t id) {
  Build build;
  int64_t trial_id = 0;
  int32_t number = 0;
  {
    Query query(db,
                "SELECT b.plan, a.trial_id, a.number FROM backfill_builds b JOIN attempts a ON "
                "a.id = b.attempt_id WHERE b.id = ?",
                id);
    if (!query.Next()) {
      XP_RETURN_IF_ERROR(query.status());
      return absl::NotFoundError(absl::StrCat("no build ", id, ": it was dropped"));
    }
    if (!build.plan.ParseFromString(query.Text(0))) {
      return absl::DataLossError(absl::StrCat("the plan of build ", id, " cannot be read"));
    }
    trial_id = query.Int(1);
    number = query.Int32(2);
  }
  XP_ASSIGN_OR_RETURN(build.both.trial, LoadTrial(db, trial_id));
  XP_ASSIGN_OR_RETURN(build.both.attempt, FindAttempt(db, trial_id, number));
  return build;
}

// Aside becomes live; what a definition of the plan, or an aside series, stood for before is kept
// and no longer compared. Answers what was added.
struct Swapped {
  uint64_t series = 0;
  uint64_t points = 0;
};
Swapped Swap(SeriesSet& set, const v1::BackfillMetricsRequest& plan) {
  absl::flat_hash_set<std::string> replaced;
  for (const v1::MetricDefinition& definition : plan.definitions()) {
    replaced.insert(definition.name());
  }
  for (const SeriesEntry& entry : set.entries()) {
    if (entry.status == SeriesStatus::kAside) replaced.insert(entry.metric);
  }
  Swapped swapped;
  for (uint32_t i = 0; i < set.entries().size(); ++i) {
    const SeriesEntry& entry = set.entries()[i];
    if (entry.source != v1::SOURCE_KIND_LOG) continue;
    if (entry.status == SeriesStatus::kLive && replaced.contains(entry.metric)) {
      set.Edit(i).status = SeriesStatus::kSuperseded;
    } else if (entry.status == SeriesStatus::kAside) {
      set.Edit(i).status = SeriesStatus::kLive;
      ++swapped.series;
      swapped.points += entry.summary.points();
    }
  }
  return swapped;
}

absl::Status ReplaceCounters(Database& db, int64_t attempt_id,
                             const std::vector<v1::DefinitionReceipt>& receipts) {
  XP_ASSIGN_OR_RETURN(v1::Receipt counters, LoadCounters(db, attempt_id));
  for (const v1::DefinitionReceipt& receipt : receipts) {
    auto& definitions = *counters.mutable_definitions();
    const auto found = std::find_if(
        definitions.begin(), definitions.end(),
        [&](const v1::DefinitionReceipt& held) { return held.name() == receipt.name(); });
    (found == definitions.end() ? *counters.add_definitions() : *found) = receipt;
  }
  return SaveCounters(db, attempt_id, counters);
}

// What counts of predecessors may have changed for every attempt that continues one.
absl::Status UpdatePrefixes(Database& db, const TrialRow& trial) {
  XP_ASSIGN_OR_RETURN(const auto attempts, ListAttemptRows(db, trial.id));
  for (const AttemptRow& attempt : attempts) {
    if (attempt.resumed) XP_RETURN_IF_ERROR(PrefixKeeper(&db, &trial, &attempt).UpdateAll());
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<BackfillPlan>> SqliteBackfillWrites::Plan(
    const v1::BackfillMetricsRequest& request) {
  Database& db = session_.db();
  std::vector<v1::MetricDefinition> given(request.definitions().begin(),
                                          request.definitions().end());
  absl::flat_hash_set<std::string> names;
  for (size_t i = 0; i < given.size(); ++i) {
    if (names.insert(given[i].name()).second) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("definitions[", i, "].name: '", given[i].name(), "' stands twice"));
  }
  if (!request.metrics_preset().empty()) {
    given.emplace_back().set_name(PresetName(request.metrics_preset()));
  }
  XP_ASSIGN_OR_RETURN(const auto trials, FindTrials(db, request));
  std::vector<BackfillPlan> plans;
  for (const TrialRow& trial : trials) {
    XP_ASSIGN_OR_RETURN(const v1::TrialSpec spec, LoadSpec(db, trial.id));
    XP_ASSIGN_OR_RETURN(const auto added, AddedDefinitions(db, trial.id));
    std::vector<v1::MetricDefinition> wanted = given;
    for (v1::MetricDefinition& definition : wanted) {
      XP_RETURN_IF_ERROR(Revise(db, trial.id, spec, added, definition));
    }
    XP_ASSIGN_OR_RETURN(const auto attempts, ListAttemptRows(db, trial.id));
    for (const AttemptRow& attempt : attempts) {
      XP_ASSIGN_OR_RETURN(BackfillPlan plan, PlanAttempt(db, trial, attempt, spec, wanted));
      if (plan.readiness == BackfillPlan::Readiness::kWaitsForEnd) {
        XP_RETURN_IF_ERROR(
            db.Run("INSERT OR IGNORE INTO backfill_waiting (attempt_id) VALUES (?)", attempt.id));
      }
      plans.push_back(std::move(plan));
    }
  }
  return plans;
}

absl::StatusOr<int64_t> SqliteBackfillWrites::Begin(const BackfillPlan& plan) {
  Database& db = session_.db();
  XP_ASSIGN_OR_RETURN(const TrialRow trial, FindTrialByUid(db, plan.trial_uid));
  XP_ASSIGN_OR_RETURN(const AttemptRow attempt, FindAttempt(db, trial.id, plan.attempt));
  if (!HasEnded(trial, attempt)) {
    return absl::FailedPreconditionError(
        absl::StrCat(plan.name, ": attempt ", plan.attempt, " has not ended"));
  }
  XP_RETURN_IF_ERROR(DropBuilds(db, attempt.id));
  v1::BackfillMetricsRequest stored;
  for (const v1::MetricDefinition& definition : plan.definitions) {
    *stored.add_definitions() = definition;
  }
  stored.set_metrics_preset(plan.metrics_preset);
  XP_RETURN_IF_ERROR(db.Run("INSERT INTO backfill_builds (attempt_id, plan) VALUES (?, ?)",
                            attempt.id, BlobView{Serialise(stored)}));
  return db.last_insert_id();
}

absl::Status SqliteBackfillWrites::Append(int64_t id, const std::string& metric, int32_t revision,
                                          const std::vector<core::MetricPoint>& points) {
  Database& db = session_.db();
  XP_ASSIGN_OR_RETURN(const Build build, FindBuild(db, id));
  XP_ASSIGN_OR_RETURN(SeriesSet set, SeriesSet::Load(db, build.both.attempt.id));
  auto number = set.Find(v1::SOURCE_KIND_LOG, "", metric, SeriesStatus::kAside);
  if (!number) {
    SeriesEntry entry;
    entry.metric = metric;
    entry.revision = revision;
    entry.status = SeriesStatus::kAside;
    number = set.Find(v1::SOURCE_KIND_LOG, "", "", SeriesStatus::kDropped);
    if (number) {
      set.Edit(*number) = std::move(entry);
    } else {
      XP_ASSIGN_OR_RETURN(number, set.Add(std::move(entry)));
    }
  }
  XP_RETURN_IF_ERROR(set.Append(db, *number, points));
  return set.Save(db);
}

absl::Status SqliteBackfillWrites::Finish(int64_t id,
                                          const std::vector<v1::DefinitionReceipt>& receipts) {
  Database& db = session_.db();
  XP_ASSIGN_OR_RETURN(Build build, FindBuild(db, id));
  const int64_t attempt_id = build.both.attempt.id;
  XP_ASSIGN_OR_RETURN(SeriesSet set, SeriesSet::Load(db, attempt_id));
  const Swapped swapped = Swap(set, build.plan);
  XP_RETURN_IF_ERROR(set.Save(db));
  XP_ASSIGN_OR_RETURN(SourceRow log, FindSource(db, attempt_id, v1::SOURCE_KIND_LOG));
  log.series += swapped.series;
  log.points += swapped.points;
  XP_RETURN_IF_ERROR(SaveSource(db, log));
  XP_RETURN_IF_ERROR(ReplaceCounters(db, attempt_id, receipts));
  if (!build.plan.metrics_preset().empty()) {
    v1::MetricDefinition* preset = build.plan.add_definitions();
    preset->set_name(PresetName(build.plan.metrics_preset()));
    preset->set_revision(1);
  }
  for (const v1::MetricDefinition& definition : build.plan.definitions()) {
    XP_RETURN_IF_ERROR(
        db.Run("INSERT OR IGNORE INTO backfill_done (attempt_id, name, revision) VALUES (?, ?, ?)",
               attempt_id, definition.name(), definition.revision()));
  }
  XP_RETURN_IF_ERROR(db.Run("DELETE FROM backfill_builds WHERE id = ?", id));
  XP_RETURN_IF_ERROR(db.Run("DELETE FROM backfill_waiting WHERE attempt_id = ?", attempt_id));
  session_.changes().NoteMetrics({{build.both.trial.id}, build.both.attempt.number});
  return UpdatePrefixes(db, build.both.trial);
}

absl::Status SqliteBackfillWrites::Abandon(int64_t id) {
  Database& db = session_.db();
  const auto build = FindBuild(db, id);
  if (absl::IsNotFound(build.status())) return absl::OkStatus();
  XP_RETURN_IF_ERROR(build.status());
  return DropBuilds(db, build->both.attempt.id);
}

}  // namespace xp::store
