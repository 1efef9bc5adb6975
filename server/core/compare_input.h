// What the compare table is made of, and questions about it that its parts share
// (trial_compare.cc, compare_sort.cc, compare_notes.cc).
// Pure functions on values; safe from any thread.
#pragma once

#include <absl/types/span.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "server/core/trial_compare.h"

namespace xp::core {

// The summary of `metric`, or null when the trial has no such series.
const MetricSummary* FindMetric(const CompareTrial& trial, const std::string& metric);

// A row's value of one statistic: of one trial its own, of a group the mean over its trials.
CompareCell MakeCell(absl::Span<const CompareTrial> trials, absl::Span<const size_t> members,
                     const MetricColumn& column);

// The names that exist, each once: metrics in the order of the definitions, then as first seen;
// params and tags in order of name.
std::vector<std::string> MetricNames(absl::Span<const CompareTrial> trials,
                                     absl::Span<const MetricDefinitionGoal> definitions);
std::vector<std::string> ParamNames(absl::Span<const CompareTrial> trials);
std::vector<std::string> TagNames(absl::Span<const CompareTrial> trials);

// The text of "lr", "params.lr" or "tags.team" in a trial; nothing when it has none.
std::optional<std::string> ParamOrTag(const CompareTrial& trial, const std::string& key);

// Whether ParamOrTag() gives something for any trial.
bool IsParamOrTag(absl::Span<const CompareTrial> trials, const std::string& key);

// The goal of a metric: --lower, --higher, its definition, its name.
MetricGoal GoalOf(const std::string& metric, const CompareOptions& options);

}  // namespace xp::core
