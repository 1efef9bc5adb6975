// What the compare table is made of: the trials, and their summaries by trial and metric, so that
// the parts of the table (trial_compare.cc, compare_sort.cc, compare_notes.cc) ask by number and no
// name is looked up twice. Also the questions that they share.
// Immutable after construction; safe from any thread. Pure functions on values.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/types/span.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/core/trial_compare.h"

namespace xp::core {

class CompareInput {
 public:
  // `trials` must outlive this object. Metrics are each once: in the order of the definitions, then
  // as first seen.
  CompareInput(absl::Span<const CompareTrial> trials,
               absl::Span<const MetricDefinitionGoal> definitions);

  absl::Span<const CompareTrial> trials() const { return trials_; }
  const std::vector<std::string>& metrics() const { return metrics_; }

  // The number of a metric; nothing when no trial and no definition has it.
  std::optional<size_t> FindMetric(const std::string& name) const;

  // Null when the trial has no such series.
  const MetricSummary* Summary(size_t trial, size_t metric) const {
    return summaries_[trial * metrics_.size() + metric];
  }

  // A row's value of one statistic: of one trial its own, of a group the mean over its trials.
  CompareCell MakeCell(absl::Span<const size_t> members, size_t metric, MetricStat stat) const;

 private:
  absl::Span<const CompareTrial> trials_;
  std::vector<std::string> metrics_;
  absl::flat_hash_map<std::string, size_t> numbers_;  // of metrics_
  std::vector<const MetricSummary*> summaries_;       // trial by trial
};

// The value of `key` in params or tags.
template <typename Pairs>
std::optional<std::string> FindText(const Pairs& pairs, std::string_view key) {
  for (const auto& [name, value] : pairs) {
    if (name == key) return value;
  }
  return std::nullopt;
}

std::vector<std::string> ParamNames(absl::Span<const CompareTrial> trials);
std::vector<std::string> TagNames(absl::Span<const CompareTrial> trials);

// The text of "lr", "params.lr" or "tags.team" in a trial; nothing when it has none.
std::optional<std::string> ParamOrTag(const CompareTrial& trial, const std::string& key);

// Whether ParamOrTag() gives something for any trial.
bool IsParamOrTag(absl::Span<const CompareTrial> trials, const std::string& key);

// The goal of a metric: --lower, --higher, its definition, its name.
MetricGoal GoalOf(const std::string& metric, const CompareOptions& options);

}  // namespace xp::core
