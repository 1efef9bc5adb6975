#include "server/core/metric_stat.h"

#include <absl/status/status.h>
#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include <algorithm>

#include "server/core/suggest.h"
#include "server/core/text.h"

namespace xp::core {
namespace {

constexpr MetricStat kStats[] = {MetricStat::kAvg,  MetricStat::kLast,   MetricStat::kMin,
                                 MetricStat::kMax,  MetricStat::kStdDev, MetricStat::kCount,
                                 MetricStat::kFirst};

constexpr std::string_view kLowerIsBetter[] = {"loss", "error", "perplexity", "mae",
                                               "mse",  "rmse",  "wer",        "runtime"};

bool IsUpper(char c) { return absl::ascii_isupper(static_cast<unsigned char>(c)); }
bool IsLower(char c) { return absl::ascii_islower(static_cast<unsigned char>(c)); }

// "evalLoss", "MSELoss": a word begins at i.
bool BeginsWord(std::string_view text, size_t i) {
  if (i == 0 || !IsUpper(text[i])) return false;
  return IsLower(text[i - 1]) ||
         (IsUpper(text[i - 1]) && i + 1 < text.size() && IsLower(text[i + 1]));
}

bool IsLowerWord(std::string_view word) {
  return std::any_of(
      std::begin(kLowerIsBetter), std::end(kLowerIsBetter),
      [&](std::string_view lower) { return absl::EqualsIgnoreCase(ToAbsl(lower), ToAbsl(word)); });
}

}  // namespace

std::string_view StatName(MetricStat stat) {
  switch (stat) {
    case MetricStat::kAvg:
      return "avg";
    case MetricStat::kLast:
      return "last";
    case MetricStat::kMin:
      return "min";
    case MetricStat::kMax:
      return "max";
    case MetricStat::kStdDev:
      return "stddev";
    case MetricStat::kCount:
      return "count";
    case MetricStat::kFirst:
      return "first";
  }
  return "";
}

std::optional<MetricStat> ParseStat(std::string_view name) {
  for (const MetricStat stat : kStats) {
    if (absl::EqualsIgnoreCase(ToAbsl(StatName(stat)), ToAbsl(name))) return stat;
  }
  return std::nullopt;
}

absl::StatusOr<std::vector<MetricStat>> ParseStats(std::string_view field, std::string_view list) {
  std::vector<MetricStat> stats;
  for (const absl::string_view part : absl::StrSplit(ToAbsl(list), ',')) {
    const std::string_view name = FromAbsl(absl::StripAsciiWhitespace(part));
    const std::optional<MetricStat> stat = ParseStat(name);
    if (!stat.has_value()) {
      const std::vector<std::string> names = {"avg",    "last",  "min",  "max",
                                              "stddev", "count", "first"};
      return absl::InvalidArgumentError(absl::StrCat(ToAbsl(field), ": '", ToAbsl(name),
                                                     "' is no statistic", DidYouMean(name, names),
                                                     "; use some of ", NameList(names)));
    }
    if (std::find(stats.begin(), stats.end(), *stat) == stats.end()) stats.push_back(*stat);
  }
  return stats;
}

std::optional<double> StatValue(const MetricSummary& summary, MetricStat stat) {
  if (stat == MetricStat::kCount) return static_cast<double>(summary.count);
  if (!summary.has_values()) return std::nullopt;
  switch (stat) {
    case MetricStat::kAvg:
      return summary.mean;
    case MetricStat::kLast:
      return summary.last.value;
    case MetricStat::kMin:
      return summary.min.value;
    case MetricStat::kMax:
      return summary.max.value;
    case MetricStat::kStdDev:
      return summary.StdDev();
    case MetricStat::kFirst:
      return summary.first.value;
    case MetricStat::kCount:
      break;
  }
  return std::nullopt;
}

std::optional<MetricColumn> ParseMetricColumn(std::string_view text,
                                              absl::Span<const std::string> metrics) {
  const auto known = [&](std::string_view name) {
    return std::find(metrics.begin(), metrics.end(), name) != metrics.end();
  };
  if (known(text)) return MetricColumn{std::string(text), MetricStat::kAvg};
  const size_t cut = text.find_last_of(":.");
  if (cut == std::string_view::npos) return std::nullopt;
  const std::optional<MetricStat> stat = ParseStat(text.substr(cut + 1));
  if (!stat.has_value() || !known(text.substr(0, cut))) return std::nullopt;
  return MetricColumn{std::string(text.substr(0, cut)), *stat};
}

MetricGoal GuessGoal(std::string_view metric) {
  size_t begin = 0;
  for (size_t i = 0; i <= metric.size(); ++i) {
    const bool ends = i == metric.size() ||
                      !absl::ascii_isalpha(static_cast<unsigned char>(metric[i])) ||
                      BeginsWord(metric, i);
    if (!ends) continue;
    if (IsLowerWord(metric.substr(begin, i - begin))) return MetricGoal::kMin;
    begin =
        i < metric.size() && absl::ascii_isalpha(static_cast<unsigned char>(metric[i])) ? i : i + 1;
  }
  return MetricGoal::kMax;
}

}  // namespace xp::core
