#include "server/core/compare_input.h"

#include <absl/strings/match.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace xp::core {
namespace {

constexpr std::string_view kParams = "params.";
constexpr std::string_view kTags = "tags.";

// Of one trial: most rows are.
CompareCell OneCell(const MetricSummary* summary, MetricStat stat) {
  CompareCell cell;
  if (summary == nullptr) return cell;
  cell.nan_count = summary->nan_count;
  cell.inf_count = summary->inf_count;
  const std::optional<double> value = StatValue(*summary, stat);
  if (!value.has_value()) return cell;
  cell.trials = 1;
  if (std::isfinite(*value)) cell.value = value;
  return cell;
}

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

template <typename Pairs>
std::vector<std::string> Keys(absl::Span<const CompareTrial> trials, Pairs CompareTrial::*pairs) {
  std::set<std::string> keys;
  for (const CompareTrial& trial : trials) {
    for (const auto& [key, value] : trial.*pairs) keys.insert(key);
  }
  return {keys.begin(), keys.end()};
}

}  // namespace

CompareInput::CompareInput(absl::Span<const CompareTrial> trials,
                           absl::Span<const MetricDefinitionGoal> definitions)
    : trials_(trials) {
  const auto number_of = [this](const std::string& name) {
    const auto [place, is_new] = numbers_.try_emplace(name, metrics_.size());
    if (is_new) metrics_.push_back(name);
    return place->second;
  };
  for (const MetricDefinitionGoal& definition : definitions) number_of(definition.metric);
  // Trials of an experiment have the same metrics, most often in the same order: the one after the
  // last that was found is tried first.
  std::vector<size_t> numbers;
  for (const CompareTrial& trial : trials) {
    size_t guess = 0;
    for (const auto& [name, summary] : trial.metrics) {
      const bool guessed = guess < metrics_.size() && metrics_[guess] == name;
      numbers.push_back(guessed ? guess : number_of(name));
      guess = numbers.back() + 1;
    }
  }
  summaries_.resize(trials.size() * metrics_.size());
  size_t next = 0;
  for (size_t t = 0; t < trials.size(); ++t) {
    for (const auto& [name, summary] : trials[t].metrics) {
      const MetricSummary*& place = summaries_[t * metrics_.size() + numbers[next++]];
      if (place == nullptr) place = &summary;
    }
  }
}

std::optional<size_t> CompareInput::FindMetric(const std::string& name) const {
  const auto found = numbers_.find(name);
  if (found == numbers_.end()) return std::nullopt;
  return found->second;
}

CompareCell CompareInput::MakeCell(absl::Span<const size_t> members, size_t metric,
                                   MetricStat stat) const {
  if (members.size() == 1) return OneCell(Summary(members.front(), metric), stat);
  CompareCell cell;
  MetricSummary over_trials;
  for (const size_t member : members) {
    const MetricSummary* summary = Summary(member, metric);
    if (summary == nullptr) continue;
    cell.nan_count += summary->nan_count;
    cell.inf_count += summary->inf_count;
    const std::optional<double> value = StatValue(*summary, stat);
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

std::vector<std::string> ParamNames(absl::Span<const CompareTrial> trials) {
  return Keys(trials, &CompareTrial::params);
}

std::vector<std::string> TagNames(absl::Span<const CompareTrial> trials) {
  return Keys(trials, &CompareTrial::tags);
}

std::optional<std::string> ParamOrTag(const CompareTrial& trial, const std::string& key) {
  if (std::optional<std::string> value = FindText(trial.params, key)) return value;
  if (key.starts_with(kParams)) return FindText(trial.params, key.substr(kParams.size()));
  if (key.starts_with(kTags)) return FindText(trial.tags, key.substr(kTags.size()));
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
