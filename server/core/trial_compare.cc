#include "server/core/trial_compare.h"

#include <absl/status/status.h>
#include <absl/strings/str_cat.h>

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

absl::Status CheckOptions(const CompareInput& input, const CompareOptions& options) {
  const absl::Span<const CompareTrial> trials = input.trials();
  for (const auto& [option, asked] : {std::pair{"metrics", &options.metrics},
                                      {"lower", &options.lower},
                                      {"higher", &options.higher}}) {
    if (absl::Status known = CheckMetrics(option, *asked, input.metrics()); !known.ok()) {
      return known;
    }
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
void ExplainGaps(const CompareInput& input, absl::Span<const size_t> metrics, CompareRow& row) {
  std::vector<std::string> reasons;
  for (const size_t member : row.trials) {
    std::string why = WhyNoNumbers(input, member, metrics);
    if (why.empty()) continue;
    if (row.trials.size() > 1) why = absl::StrCat(input.trials()[member].name, ": ", why);
    reasons.push_back(std::move(why));
  }
  if (reasons.size() == row.trials.size()) {
    row.reason = NameList(reasons, 3);
  } else {
    row.notes.insert(row.notes.end(), reasons.begin(), reasons.end());
  }
}

// `metrics` has the number of each column's metric.
void FillCells(const CompareInput& input, absl::Span<const size_t> metrics, CompareTable& table) {
  for (CompareRow& row : table.rows) {
    row.cells.reserve(table.columns.size());
    for (size_t c = 0; c < table.columns.size(); ++c) {
      row.cells.push_back(input.MakeCell(row.trials, metrics[c], table.columns[c].column.stat));
    }
  }
  for (size_t c = 0; c < table.columns.size(); ++c) {
    const CompareColumn& column = table.columns[c];
    for (const size_t r :
         BestRows(input, table.rows, metrics[c], column.column.stat, column.goal)) {
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
  const CompareInput input(trials, options.goals);
  if (absl::Status valid = CheckOptions(input, options); !valid.ok()) return valid;
  std::vector<size_t> metrics;         // shown, by number
  std::vector<size_t> column_metrics;  // of each column
  for (const std::string& name : options.metrics.empty() ? input.metrics() : options.metrics) {
    metrics.push_back(*input.FindMetric(name));
  }
  CompareTable table;
  for (const size_t metric : metrics) {
    const std::string& name = input.metrics()[metric];
    const MetricGoal goal = GoalOf(name, options);
    for (const MetricStat stat : options.stats) {
      table.columns.push_back({{name, stat}, goal});
      column_metrics.push_back(metric);
    }
  }
  table.rows = MakeRows(trials, options, table.filtered_out);
  for (CompareRow& row : table.rows) ExplainGaps(input, metrics, row);
  if (absl::Status sorted = SortRows(input, options, table.rows, table.notes); !sorted.ok()) {
    return sorted;
  }
  FillCells(input, column_metrics, table);
  Append(CountNotes(input, table.rows, metrics), table.notes);
  Append(DisagreementNotes(input, table.rows, metrics, options), table.notes);
  return table;
}

}  // namespace xp::core
