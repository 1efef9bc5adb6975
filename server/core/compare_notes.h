// What the compare table says besides its numbers: why a trial has none, and what under the table
// would mislead without a word.
// Pure functions on values; safe from any thread.
#pragma once

#include <absl/types/span.h>

#include <cstddef>
#include <string>
#include <vector>

#include "server/core/compare_input.h"
#include "server/core/trial_compare.h"

namespace xp::core {

// Why none of `metrics` has a value in trial number `trial`; "" when one has. Metrics are given by
// their numbers, here and below.
std::string WhyNoNumbers(const CompareInput& input, size_t trial, absl::Span<const size_t> metrics);

// One line where the trials of a metric have different counts, so that their averages cover
// different numbers of points; nothing where all agree.
std::vector<std::string> CountNotes(const CompareInput& input, absl::Span<const CompareRow> rows,
                                    absl::Span<const size_t> metrics);

// One line for each pair of rows of which one is best by average and the other by the last value,
// with the metrics in which it is so.
std::vector<std::string> DisagreementNotes(const CompareInput& input,
                                           absl::Span<const CompareRow> rows,
                                           absl::Span<const size_t> metrics,
                                           const CompareOptions& options);

// Indexes of the rows whose value of `metric` is best; empty with fewer than two values, or where
// the statistic has no better.
std::vector<size_t> BestRows(const CompareInput& input, absl::Span<const CompareRow> rows,
                             size_t metric, MetricStat stat, MetricGoal goal);

}  // namespace xp::core
