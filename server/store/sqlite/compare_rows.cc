#include "server/store/sqlite/compare_rows.h"

#include <absl/time/time.h>

#include <algorithm>

#include "proto/status.h"
#include "server/core/resume.h"
#include "server/core/series_source.h"
#include "server/store/sqlite/incoming_points.h"
#include "server/store/words.h"

namespace xp::store {
namespace {

// Of one metric in one attempt: the series that compare shows.
struct Shown {
  const SeriesEntry* entry = nullptr;
  bool several_sources = false;
};

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

Shown Choose(const AttemptSummaries& attempt, std::string_view metric) {
  Shown shown;
  for (const SeriesEntry& entry : attempt.series) {
    if (entry.status != SeriesStatus::kLive || entry.metric != metric) continue;
    if (shown.entry == nullptr) {
      shown.entry = &entry;
      continue;
    }
    shown.several_sources |= entry.source != shown.entry->source;
    if (SourceOf(entry.source) < SourceOf(shown.entry->source)) shown.entry = &entry;
  }
  return shown;
}

void AddMetric(const Shown& shown, const core::MetricSummary& summary, CompareTrialRow& row) {
  row.trial.metrics.emplace_back(shown.entry->metric, summary);
  row.series.push_back({shown.entry->source, shown.several_sources, shown.entry->last_time_ms,
                        shown.entry->last_step});
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

std::string FormatTime(int64_t ns) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixNanos(ns), absl::UTCTimeZone());
}

}  // namespace

void ShowAttempt(const AttemptSummaries& attempt, CompareTrialRow& row) {
  row.attempt = attempt.number;
  row.worker = attempt.worker;
  for (const SeriesEntry& entry : attempt.series) {
    if (entry.status != SeriesStatus::kLive) continue;
    const Shown shown = Choose(attempt, entry.metric);
    if (shown.entry == &entry) AddMetric(shown, entry.summary, row);
  }
}

void ShowCounting(const std::vector<AttemptSummaries>& attempts, CompareTrialRow& row) {
  if (attempts.empty()) return;
  size_t shown = attempts.size() - 1;
  while (shown > 0 && !HasPoints(attempts[shown])) --shown;
  if (!HasPoints(attempts[shown])) shown = attempts.size() - 1;
  if (!attempts[shown].resumed) {
    ShowAttempt(attempts[shown], row);
  } else {
    row.attempt = attempts[shown].number;
    row.worker = attempts[shown].worker;
    // Only through the attempts that it continues: of others nothing is mixed in.
    size_t first = shown;
    while (first > 0 && attempts[first].resumed) --first;
    for (const std::string_view metric : MetricNames(attempts, first, shown)) {
      std::vector<core::AttemptSeries> parts;
      for (size_t i = first; i <= shown; ++i) {
        const SeriesEntry* entry = Choose(attempts[i], metric).entry;
        parts.push_back(entry != nullptr
                            ? entry->ForResume(attempts[i].number, StartOf(attempts[i]))
                            : core::AttemptSeries{attempts[i].number, StartOf(attempts[i])});
      }
      const core::SeriesView view = core::ChooseAttempts(parts);
      for (size_t i = first; i <= shown; ++i) {
        if (attempts[i].number != view.shown_attempt()) continue;
        const Shown choice = Choose(attempts[i], metric);
        AddMetric(choice,
                  view.continues() && choice.entry->prefix
                      ? core::Merge(*choice.entry->prefix, choice.entry->summary)
                      : choice.entry->summary,
                  row);
      }
    }
  }
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
  for (v1::Param& param : *spec.mutable_params()) {
    out.params[param.key()] = param.text();
    row.params.push_back(std::move(param));
  }
  TagMap tags;
  TagsFromJson(trial.tags, tags);
  for (const auto& [key, value] : tags) out.tags[key] = value;
  if (row.worker.empty()) row.worker = trial.worker;
  row.create_time_ns = trial.create_time;
  row.start_time_ns = trial.start_time;
  row.end_time_ns = trial.end_time;
  out.fields["worker"] = row.worker;
  out.fields["attempt"] = std::to_string(trial.attempt);
  out.fields["priority"] = std::to_string(trial.priority);
  out.fields["create_time"] = FormatTime(trial.create_time);
  if (trial.start_time != 0) out.fields["start_time"] = FormatTime(trial.start_time);
  if (trial.end_time != 0) out.fields["end_time"] = FormatTime(trial.end_time);
  return absl::OkStatus();
}

absl::StatusOr<CompareTrialRow> LoadCompareRow(Database& db, const TrialRow& trial) {
  std::vector<AttemptSummaries> attempts;
  {
    Query query(db,
                "SELECT a.number, a.worker, a.resumed, b.data FROM attempts a LEFT JOIN "
                "series_blocks b ON b.id BETWEEN a.id * 1024 AND a.id * 1024 + 1023 "
                "WHERE a.trial_id = ? ORDER BY a.number, b.id",
                trial.id);
    while (query.Next()) {
      if (attempts.empty() || attempts.back().number != query.Int32(0)) {
        attempts.push_back({query.Int32(0), query.Text(1), query.Bool(2), {}});
      }
      if (query.IsNull(3)) continue;
      XP_ASSIGN_OR_RETURN(auto block, UnpackBlock(query.View(3)));
      auto& series = attempts.back().series;
      series.insert(series.end(), std::make_move_iterator(block.begin()),
                    std::make_move_iterator(block.end()));
    }
    XP_RETURN_IF_ERROR(query.status());
  }
  CompareTrialRow row;
  ShowCounting(attempts, row);
  Query query(db, "SELECT params FROM trials WHERE id = ?", trial.id);
  if (query.Next()) XP_RETURN_IF_ERROR(FillFromTrial(trial, query.View(0), row));
  XP_RETURN_IF_ERROR(query.status());
  return row;
}

absl::StatusOr<std::string> ExplainNoNumbers(Database& db, int64_t trial_id, int32_t attempt) {
  int64_t attempt_id = 0;
  uint64_t lines = 0;
  {
    Query query(db,
                "SELECT a.id, coalesce(sum(s.lines), 0) FROM attempts a LEFT JOIN sources s ON "
                "s.attempt_id = a.id WHERE a.trial_id = ? AND a.number = ? GROUP BY a.id",
                trial_id, attempt);
    if (query.Next()) {
      attempt_id = query.Int(0);
      lines = query.Uint(1);
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
  if (nearest != nullptr) {
    return absl::StrCat("no definition matched in ", lines, " lines; nearest to '", nearest->name(),
                        "': ", nearest->nearest_line());
  }
  return absl::StrCat("no definition matched in ", lines, " lines");
}

}  // namespace xp::store
