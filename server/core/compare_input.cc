#include "server/core/compare_input.h"

#include <absl/strings/match.h>

#include <algorithm>
#include <set>

namespace xp::core {
namespace {

constexpr std::string_view kParams = "params.";
constexpr std::string_view kTags = "tags.";

std::optional<std::string> Find(const std::map<std::string, std::string>& map,
                                const std::string& key) {
  const auto found = map.find(key);
  if (found == map.end()) return std::nullopt;
  return found->second;
}

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::vector<std::string> Keys(absl::Span<const CompareTrial> trials,
                              std::map<std::string, std::string> CompareTrial::*map) {
  std::set<std::string> keys;
  for (const CompareTrial& trial : trials) {
    for (const auto& [key, value] : trial.*map) keys.insert(key);
  }
  return {keys.begin(), keys.end()};
}

}  // namespace

const MetricSummary* FindMetric(const CompareTrial& trial, const std::string& metric) {
  for (const auto& [name, summary] : trial.metrics) {
    if (name == metric) return &summary;
  }
  return nullptr;
}

CompareCell MakeCell(absl::Span<const CompareTrial> trials, absl::Span<const size_t> members,
                     const MetricColumn& column) {
  CompareCell cell;
  MetricSummary over_trials;
  for (const size_t member : members) {
    const MetricSummary* summary = FindMetric(trials[member], column.metric);
    if (summary == nullptr) continue;
    cell.nan_count += summary->nan_count;
    cell.inf_count += summary->inf_count;
    const std::optional<double> value = StatValue(*summary, column.stat);
    if (!value.has_value()) continue;
    MetricPoint point;
    point.value = *value;
    over_trials.Add(point);
  }
  cell.trials = over_trials.points();
  if (over_trials.has_values()) cell.value = over_trials.mean;
  cell.spread = over_trials.StdDev();
  return cell;
}

std::vector<std::string> MetricNames(absl::Span<const CompareTrial> trials,
                                     absl::Span<const MetricDefinitionGoal> definitions) {
  std::vector<std::string> names;
  std::set<std::string> seen;
  for (const MetricDefinitionGoal& definition : definitions) {
    if (seen.insert(definition.metric).second) names.push_back(definition.metric);
  }
  for (const CompareTrial& trial : trials) {
    for (const auto& [name, summary] : trial.metrics) {
      if (seen.insert(name).second) names.push_back(name);
    }
  }
  return names;
}

std::vector<std::string> ParamNames(absl::Span<const CompareTrial> trials) {
  return Keys(trials, &CompareTrial::params);
}

std::vector<std::string> TagNames(absl::Span<const CompareTrial> trials) {
  return Keys(trials, &CompareTrial::tags);
}

std::optional<std::string> ParamOrTag(const CompareTrial& trial, const std::string& key) {
  if (std::optional<std::string> value = Find(trial.params, key)) return value;
  if (key.starts_with(kParams)) return Find(trial.params, key.substr(kParams.size()));
  if (key.starts_with(kTags)) return Find(trial.tags, key.substr(kTags.size()));
  return std::nullopt;
}

bool IsParamOrTag(absl::Span<const CompareTrial> trials, const std::string& key) {
  return std::any_of(trials.begin(), trials.end(),
                     [&](const CompareTrial& trial) { return ParamOrTag(trial, key).has_value(); });
}

MetricGoal GoalOf(const std::string& metric, const CompareOptions& options) {
  if (Contains(options.lower, metric)) return MetricGoal::kMin;
  if (Contains(options.higher, metric)) return MetricGoal::kMax;
  for (const MetricDefinitionGoal& definition : options.goals) {
    if (definition.metric == metric && definition.goal != MetricGoal::kUnset) {
      return definition.goal;
    }
  }
  return GuessGoal(metric);
}

}  // namespace xp::core
