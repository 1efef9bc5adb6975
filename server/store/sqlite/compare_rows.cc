#include "server/store/sqlite/compare_rows.h"

#include <absl/container/flat_hash_map.h>

#include <algorithm>
#include <iterator>

#include "proto/status.h"
#include "server/core/resume.h"
#include "server/core/series_source.h"
#include "server/store/sqlite/incoming_points.h"
#include "server/store/words.h"

namespace xp::store {
namespace {

core::SeriesSource SourceOf(v1::SourceKind kind) {
  switch (kind) {
    case v1::SOURCE_KIND_METRICS_FILE:
      return core::SeriesSource::kMetricsFile;
    case v1::SOURCE_KIND_WRITER:
      return core::SeriesSource::kWriter;
    default:
      return core::SeriesSource::kLog;
  }
}

// A second series of the same metric: taken instead when its source is the better one.
void Prefer(uint32_t number, const SeriesEntry& entry, CountingSeries& chosen) {
  chosen.several_sources |= entry.source != chosen.entry->source;
  if (SourceOf(entry.source) < SourceOf(chosen.entry->source)) {
    chosen.number = number;
    chosen.entry = &entry;
  }
}

void AddMetric(const CountingSeries& shown, CompareTrialRow& row) {
  const SeriesEntry& entry = *shown.entry;
  const bool continues = !shown.older.empty() && entry.prefix.has_value();
  row.trial.metrics.emplace_back(
      entry.metric, continues ? core::Merge(*entry.prefix, entry.summary) : entry.summary);
  row.series.push_back({entry.source, shown.several_sources, entry.last_time_ms, entry.last_step});
}

void AddMetrics(const std::vector<CountingSeries>& shown, CompareTrialRow& row) {
  row.trial.metrics.reserve(shown.size());
  row.series.reserve(shown.size());
  for (const CountingSeries& series : shown) AddMetric(series, row);
}

core::AttemptStart StartOf(const AttemptSummaries& attempt) {
  return attempt.resumed ? core::AttemptStart::kResumed : core::AttemptStart::kFresh;
}

bool HasPoints(const AttemptSummaries& attempt) {
  return std::any_of(attempt.series.begin(), attempt.series.end(), [](const SeriesEntry& entry) {
    return entry.status == SeriesStatus::kLive && entry.summary.points() > 0;
  });
}

// Metrics of the attempts [first, last], each once, the newest attempt's first.
std::vector<std::string_view> MetricNames(const std::vector<AttemptSummaries>& attempts,
                                          size_t first, size_t last) {
  std::vector<std::string_view> names;
  for (size_t i = last + 1; i-- > first;) {
    for (const SeriesEntry& entry : attempts[i].series) {
      if (entry.status != SeriesStatus::kLive) continue;
      if (std::find(names.begin(), names.end(), entry.metric) == names.end()) {
        names.push_back(entry.metric);
      }
    }
  }
  return names;
}

}  // namespace

std::optional<CountingSeries> ChooseSource(const AttemptSummaries& attempt,
                                           std::string_view metric) {
  std::optional<CountingSeries> chosen;
  for (uint32_t i = 0; i < attempt.series.size(); ++i) {
    const SeriesEntry& entry = attempt.series[i];
    if (entry.status != SeriesStatus::kLive || entry.metric != metric) continue;
    if (!chosen) {
      chosen = {0, i, &entry, false, {}};
      continue;
    }
    Prefer(i, entry, *chosen);
  }
  return chosen;
}

std::vector<CountingSeries> ChooseOf(const std::vector<AttemptSummaries>& attempts, size_t index) {
  const std::vector<SeriesEntry>& series = attempts[index].series;
  std::vector<CountingSeries> chosen;
  chosen.reserve(series.size());
  absl::flat_hash_map<std::string_view, size_t> places;
  places.reserve(series.size());
  for (uint32_t i = 0; i < series.size(); ++i) {
    const SeriesEntry& entry = series[i];
    if (entry.status != SeriesStatus::kLive) continue;
    const auto [place, is_new] = places.emplace(entry.metric, chosen.size());
    if (is_new) {
      chosen.push_back({index, i, &entry, false, {}});
    } else {
      Prefer(i, entry, chosen[place->second]);
    }
  }
  return chosen;
}

std::vector<CountingSeries> ChooseCounting(const std::vector<AttemptSummaries>& attempts,
                                           size_t& shown) {
  shown = attempts.size() - 1;
  while (shown > 0 && !HasPoints(attempts[shown])) --shown;
  if (!HasPoints(attempts[shown])) shown = attempts.size() - 1;
  if (!attempts[shown].resumed) return ChooseOf(attempts, shown);
  // Only through the attempts that it continues: of others nothing is mixed in.
  size_t first = shown;
  while (first > 0 && attempts[first].resumed) --first;
  std::vector<CountingSeries> chosen;
  for (const std::string_view metric : MetricNames(attempts, first, shown)) {
    std::vector<core::AttemptSeries> parts;
    for (size_t i = first; i <= shown; ++i) {
      const auto series = ChooseSource(attempts[i], metric);
      parts.push_back(series ? series->entry->ForResume(attempts[i].number, StartOf(attempts[i]))
                             : core::AttemptSeries{attempts[i].number, StartOf(attempts[i]), 0,
                                                   std::nullopt, std::nullopt});
    }
    core::SeriesView view = core::ChooseAttempts(parts);
    for (size_t i = first; i <= shown; ++i) {
      if (attempts[i].number != view.shown_attempt()) continue;
      chosen.push_back(*ChooseSource(attempts[i], metric));
      chosen.back().attempt = i;
      view.parts.pop_back();
      chosen.back().older = std::move(view.parts);
      break;
    }
  }
  return chosen;
}

void ShowAttempt(const std::vector<AttemptSummaries>& attempts, size_t index,
                 CompareTrialRow& row) {
  row.attempt = attempts[index].number;
  row.trial.worker = attempts[index].worker;
  AddMetrics(ChooseOf(attempts, index), row);
}

void ShowCounting(const std::vector<AttemptSummaries>& attempts, CompareTrialRow& row) {
  if (attempts.empty()) return;
  size_t shown = 0;
  AddMetrics(ChooseCounting(attempts, shown), row);
  row.attempt = attempts[shown].number;
  row.trial.worker = attempts[shown].worker;
  row.from_predecessor = attempts[shown].number < attempts.back().number;
  if (row.from_predecessor) {
    row.trial.notes.push_back(absl::StrCat("shows attempt ", row.attempt, "; attempt ",
                                           attempts.back().number, " has no point yet"));
  }
}

absl::Status FillFromTrial(const TrialRow& trial, std::string_view params, CompareTrialRow& row) {
  core::CompareTrial& out = row.trial;
  out.id = {trial.id};
  out.experiment = trial.experiment;
  out.name = trial.name;
  out.state = trial.state;
  out.failure = trial.failure;
  out.stop = trial.stop;
  v1::TrialSpec spec;
  if (!spec.ParseFromArray(params.data(), static_cast<int>(params.size()))) {
    return absl::DataLossError(absl::StrCat("the params of ", trial.full_name(), " are damaged"));
  }
  out.params.reserve(static_cast<size_t>(spec.params_size()));
  for (v1::Param& param : *spec.mutable_params()) {
    out.params.emplace_back(std::move(*param.mutable_key()), std::move(*param.mutable_text()));
  }
  if (trial.tags.size() > 2) {  // not "{}", which most are
    TagMap tags;
    TagsFromJson(trial.tags, tags);
    for (const auto& [key, value] : tags) out.tags[key] = value;
  }
  if (out.worker.empty()) out.worker = trial.worker;
  out.latest_attempt = trial.attempt;
  out.priority = trial.priority;
  out.create_time_ns = trial.create_time;
  out.start_time_ns = trial.start_time;
  out.end_time_ns = trial.end_time;
  return absl::OkStatus();
}

absl::StatusOr<std::vector<AttemptSummaries>> LoadSummaries(Database& db, int64_t trial_id) {
  std::vector<AttemptSummaries> attempts;
  Query query(db,
              "SELECT a.id, a.number, a.worker, a.resumed, b.data FROM attempts a LEFT JOIN "
              "series_blocks b ON b.id BETWEEN a.id * 1024 AND a.id * 1024 + 1023 "
              "WHERE a.trial_id = ? ORDER BY a.number, b.id",
              trial_id);
  while (query.Next()) {
    if (attempts.empty() || attempts.back().id != query.Int(0)) {
      attempts.push_back({query.Int(0), query.Int32(1), query.Text(2), query.Bool(3), {}});
    }
    if (query.IsNull(4)) continue;
    XP_ASSIGN_OR_RETURN(auto block, UnpackBlock(query.View(4)));
    auto& series = attempts.back().series;
    series.insert(series.end(), std::make_move_iterator(block.begin()),
                  std::make_move_iterator(block.end()));
  }
  XP_RETURN_IF_ERROR(query.status());
  return attempts;
}

absl::StatusOr<std::string> ExplainNoNumbers(Database& db, int64_t trial_id, int32_t attempt) {
  int64_t attempt_id = 0;
  uint64_t lines = 0;
  bool has_definitions = false;
  {
    Query query(db,
                "SELECT a.id, coalesce(sum(s.lines), 0), length(d.content) > 0 FROM attempts a "
                "JOIN trials t ON t.id = a.trial_id "
                "JOIN definition_sets d ON d.id = t.definitions_id "
                "LEFT JOIN sources s ON s.attempt_id = a.id "
                "WHERE a.trial_id = ? AND a.number = ? GROUP BY a.id",
                trial_id, attempt);
    if (query.Next()) {
      attempt_id = query.Int(0);
      lines = query.Uint(1);
      has_definitions = query.Bool(2);
    }
    XP_RETURN_IF_ERROR(query.status());
  }
  if (attempt_id == 0 || lines == 0) return std::string();
  XP_ASSIGN_OR_RETURN(const v1::Receipt counters, LoadCounters(db, attempt_id));
  const v1::DefinitionReceipt* nearest = nullptr;
  for (const v1::DefinitionReceipt& definition : counters.definitions()) {
    if (definition.rejected() > 0) {
      return absl::StrCat("'", definition.name(), "' matched ", definition.matches(),
                          " times and yielded no number, e.g. '", definition.rejected_sample(),
                          "'");
    }
    if (nearest == nullptr && !definition.nearest_line().empty()) nearest = &definition;
  }
  const std::string where = absl::StrCat(lines, lines == 1 ? " line" : " lines");
  if (!has_definitions && counters.definitions().empty()) {
    return absl::StrCat("it has no metric definitions; add one to its ", where,
                        " with xpctl metrics backfill");
  }
  if (nearest != nullptr) {
    return absl::StrCat("no definition matched in ", where, "; nearest to '", nearest->name(),
                        "': ", nearest->nearest_line());
  }
  return absl::StrCat("no definition matched in ", where);
}

}  // namespace xp::store
