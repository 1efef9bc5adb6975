#include "server/core/trial_compare.h"

#include <absl/status/status.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "server/core/compare_input.h"
#include "server/core/compare_notes.h"
#include "server/core/compare_sort.h"
#include "server/core/suggest.h"
#include "server/core/text.h"

namespace xp::core {
namespace {

absl::Status CheckMetrics(std::string_view option, absl::Span<const std::string> asked,
                          const std::vector<std::string>& known) {
  for (const std::string& metric : asked) {
    if (std::find(known.begin(), known.end(), metric) != known.end()) continue;
    return absl::InvalidArgumentError(absl::StrCat(ToAbsl(option), ": no trial has a metric '",
                                                   metric, "'", DidYouMean(metric, known),
                                                   "; there are ", NameList(known)));
  }
  return absl::OkStatus();
}

absl::Status CheckOptions(absl::Span<const CompareTrial> trials, const CompareOptions& options,
                          const std::vector<std::string>& metrics) {
  for (const auto& [option, asked] : {std::pair{"metrics", &options.metrics},
                                      {"lower", &options.lower},
                                      {"higher", &options.higher}}) {
    if (absl::Status known = CheckMetrics(option, *asked, metrics); !known.ok()) return known;
  }
  for (const std::string& metric : options.lower) {
    if (std::find(options.higher.begin(), options.higher.end(), metric) == options.higher.end()) {
      continue;
    }
    return absl::InvalidArgumentError(
        absl::StrCat("lower: '", metric, "' stands in higher too; name it in one of them"));
  }
  if (options.stats.empty()) {
    return absl::InvalidArgumentError("stats: empty; name at least one, e.g. avg");
  }
  if (!options.group_by.empty() && !IsParamOrTag(trials, options.group_by)) {
    const std::vector<std::string> params = ParamNames(trials);
    return absl::InvalidArgumentError(
        absl::StrCat("group_by: no trial has a param '", options.group_by, "'",
                     DidYouMean(options.group_by, params), "; params are ", NameList(params),
                     "; tags, written as tags.NAME, are ", NameList(TagNames(trials))));
  }
  return absl::OkStatus();
}

// A row per trial that the filter lets through, or per value of the param.
std::vector<CompareRow> MakeRows(absl::Span<const CompareTrial> trials,
                                 const CompareOptions& options, size_t& filtered_out) {
  std::set<std::string> experiments;
  for (const CompareTrial& trial : trials) experiments.insert(trial.experiment);
  std::vector<CompareRow> rows;
  std::map<std::string, size_t> groups;
  for (size_t t = 0; t < trials.size(); ++t) {
    const CompareTrial& trial = trials[t];
    const bool matches = options.filter.Matches(
        [&](const FilterPath& path) { return LookupTrialField(trial, path); });
    if (!matches) {
      ++filtered_out;
      continue;
    }
    std::string label =
        experiments.size() > 1 ? absl::StrCat(trial.experiment, "/", trial.name) : trial.name;
    if (options.group_by.empty()) {
      rows.emplace_back().label = std::move(label);
      rows.back().trials = {t};
      rows.back().notes = trial.notes;
      continue;
    }
    label = ParamOrTag(trial, options.group_by).value_or("(none)");
    const auto [group, added] = groups.try_emplace(label, rows.size());
    if (added) rows.emplace_back().label = std::move(label);
    CompareRow& row = rows[group->second];
    row.trials.push_back(t);
    for (const std::string& note : trial.notes) {
      row.notes.push_back(absl::StrCat(trial.name, ": ", note));
    }
  }
  return rows;
}

// One reason for all when no trial of the row has a number; a note for each that has none when
// others have.
void ExplainGaps(absl::Span<const CompareTrial> trials, absl::Span<const std::string> metrics,
                 CompareRow& row) {
  std::vector<std::string> reasons;
  for (const size_t member : row.trials) {
    std::string why = WhyNoNumbers(trials[member], metrics);
    if (why.empty()) continue;
    if (row.trials.size() > 1) why = absl::StrCat(trials[member].name, ": ", why);
    reasons.push_back(std::move(why));
  }
  if (reasons.size() == row.trials.size()) {
    row.reason = NameList(reasons, 3);
  } else {
    row.notes.insert(row.notes.end(), reasons.begin(), reasons.end());
  }
}

void FillCells(absl::Span<const CompareTrial> trials, CompareTable& table) {
  for (CompareRow& row : table.rows) {
    for (const CompareColumn& column : table.columns) {
      row.cells.push_back(MakeCell(trials, row.trials, column.column));
    }
  }
  for (size_t c = 0; c < table.columns.size(); ++c) {
    const CompareColumn& column = table.columns[c];
    for (const size_t r : BestRows(trials, table.rows, column.column, column.goal)) {
      table.rows[r].cells[c].best = true;
    }
  }
}

void Append(std::vector<std::string> lines, std::vector<std::string>& notes) {
  std::move(lines.begin(), lines.end(), std::back_inserter(notes));
}

}  // namespace

absl::StatusOr<CompareTable> CompareTrials(absl::Span<const CompareTrial> trials,
                                           const CompareOptions& options) {
  const std::vector<std::string> known = MetricNames(trials, options.goals);
  if (absl::Status valid = CheckOptions(trials, options, known); !valid.ok()) return valid;
  const std::vector<std::string>& metrics = options.metrics.empty() ? known : options.metrics;

  CompareTable table;
  for (const std::string& metric : metrics) {
    for (const MetricStat stat : options.stats) {
      table.columns.push_back({{metric, stat}, GoalOf(metric, options)});
    }
  }
  table.rows = MakeRows(trials, options, table.filtered_out);
  for (CompareRow& row : table.rows) ExplainGaps(trials, metrics, row);
  if (absl::Status sorted = SortRows(trials, options, known, table.rows, table.notes);
      !sorted.ok()) {
    return sorted;
  }
  FillCells(trials, table);
  Append(CountNotes(trials, table.rows, metrics), table.notes);
  Append(DisagreementNotes(trials, table.rows, metrics, options), table.notes);
  return table;
}

std::optional<std::string> LookupTrialField(const CompareTrial& trial, const FilterPath& path) {
  const std::string& name = path[0];
  if (path.size() == 1) {
    if (name == "name") return trial.name;
    if (name == "experiment") return trial.experiment;
    if (name == "state") return std::string(StateName(trial.state));
    if (name == "reason") {
      const std::string_view reason = trial.failure != FailureReason::kNone
                                          ? ReasonName(trial.failure)
                                          : ReasonName(trial.stop);
      if (!reason.empty()) return std::string(reason);
      return std::nullopt;
    }
    const auto field = trial.fields.find(name);
    if (field == trial.fields.end()) return std::nullopt;
    return field->second;
  }
  if (name == "metrics" && path.size() == 3) {
    const MetricSummary* summary = FindMetric(trial, path[1]);
    const std::optional<MetricStat> stat = ParseStat(path[2]);
    if (summary == nullptr || !stat.has_value()) return std::nullopt;
    const std::optional<double> value = StatValue(*summary, *stat);
    if (!value.has_value()) return std::nullopt;
    return absl::StrFormat("%.17g", *value);
  }
  const auto& map = name == "params" ? trial.params : trial.tags;
  const auto entry = map.find(path[1]);
  if (entry == map.end()) return std::nullopt;
  return entry->second;
}

}  // namespace xp::core
