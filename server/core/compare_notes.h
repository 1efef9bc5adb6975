// What the compare table says besides its numbers: why a trial has none, and what under the table
// would mislead without a word.
// Pure functions on values; safe from any thread.
#pragma once

#include <absl/types/span.h>

#include <string>
#include <vector>

#include "server/core/trial_compare.h"

namespace xp::core {

// Why none of `metrics` has a value in this trial; "" when one has.
std::string WhyNoNumbers(const CompareTrial& trial, absl::Span<const std::string> metrics);

// One line where the trials of a metric have different counts, so that their averages cover
// different numbers of points; nothing where all agree.
std::vector<std::string> CountNotes(absl::Span<const CompareTrial> trials,
                                    absl::Span<const CompareRow> rows,
                                    absl::Span<const std::string> metrics);

// One line for each pair of rows of which one is best by average and the other by the last value,
// with the metrics in which it is so.
std::vector<std::string> DisagreementNotes(absl::Span<const CompareTrial> trials,
                                           absl::Span<const CompareRow> rows,
                                           absl::Span<const std::string> metrics,
                                           const CompareOptions& options);

// Indexes of the rows whose value of `column` is best; empty with fewer than two values, or where
// the statistic has no better.
std::vector<size_t> BestRows(absl::Span<const CompareTrial> trials,
                             absl::Span<const CompareRow> rows, const MetricColumn& column,
                             MetricGoal goal);

}  // namespace xp::core
