// The statistics of a summary by name, and which direction of a metric is better.
// Pure functions; safe from any thread.
#pragma once

#include <absl/status/statusor.h>
#include <absl/types/span.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/core/metric_summary.h"

namespace xp::core {

enum class MetricStat { kAvg, kLast, kMin, kMax, kStdDev, kCount, kFirst };

// "avg", "last", "min", "max", "stddev", "count", "first".
std::string_view StatName(MetricStat stat);
std::optional<MetricStat> ParseStat(std::string_view name);  // without regard to case

// "avg,last". INVALID_ARGUMENT, beginning with `field`, names the unknown one and all that exist.
absl::StatusOr<std::vector<MetricStat>> ParseStats(std::string_view field, std::string_view list);

// Nothing when there is no finite value; kCount is always there.
std::optional<double> StatValue(const MetricSummary& summary, MetricStat stat);

// A metric and one of its statistics: a column, a sort key.
struct MetricColumn {
  std::string metric;
  MetricStat stat = MetricStat::kAvg;

  friend bool operator==(const MetricColumn&, const MetricColumn&) = default;
};

// "test:f1" (the average) or "test:f1:last", where the part after the last ':' (or '.') is a
// statistic. A metric of `metrics` that has exactly this name goes first. Nothing when no metric of
// `metrics` is meant.
std::optional<MetricColumn> ParseMetricColumn(std::string_view text,
                                              absl::Span<const std::string> metrics);

enum class MetricGoal { kUnset, kMin, kMax };

// Lower is better where a word of the name is loss, error, perplexity, mae, mse, rmse, wer or
// runtime (words are cut at everything but letters, and at aCapital: "test:loss", "evalLoss",
// "loss2"); everything else is better the higher it is. Never kUnset.
MetricGoal GuessGoal(std::string_view metric);

}  // namespace xp::core
