// What a filter's names mean in a trial. Texts are made when a filter asks, not before: most
// compare without one.
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/time/time.h>

#include <optional>
#include <string>
#include <string_view>

#include "server/core/compare_input.h"
#include "server/core/trial_compare.h"

namespace xp::core {
namespace {

// RFC 3339 in UTC, so that the order of the text is the order of time.
std::optional<std::string> TimeText(int64_t ns) {
  if (ns == 0) return std::nullopt;
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixNanos(ns), absl::UTCTimeZone());
}

std::optional<std::string> TextOrNothing(std::string_view text) {
  if (text.empty()) return std::nullopt;
  return std::string(text);
}

std::optional<std::string> ReasonText(const CompareTrial& trial) {
  return TextOrNothing(trial.failure != FailureReason::kNone ? ReasonName(trial.failure)
                                                             : ReasonName(trial.stop));
}

std::optional<std::string> MetricText(const CompareTrial& trial, const std::string& metric,
                                      const std::string& stat_name) {
  const std::optional<MetricStat> stat = ParseStat(stat_name);
  if (!stat.has_value()) return std::nullopt;
  for (const auto& [name, summary] : trial.metrics) {
    if (name != metric) continue;
    const std::optional<double> value = StatValue(summary, *stat);
    if (!value.has_value()) return std::nullopt;
    return absl::StrFormat("%.17g", *value);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> LookupTrialField(const CompareTrial& trial, const FilterPath& path) {
  const std::string& name = path[0];
  if (path.size() == 1) {
    if (name == "name") return trial.name;
    if (name == "experiment") return trial.experiment;
    if (name == "state") return std::string(StateName(trial.state));
    if (name == "reason") return ReasonText(trial);
    if (name == "worker") return TextOrNothing(trial.worker);
    if (name == "attempt") return absl::StrCat(trial.latest_attempt);
    if (name == "priority") return absl::StrCat(trial.priority);
    if (name == "create_time") return TimeText(trial.create_time_ns);
    if (name == "start_time") return TimeText(trial.start_time_ns);
    if (name == "end_time") return TimeText(trial.end_time_ns);
    return std::nullopt;
  }
  if (name == "metrics" && path.size() == 3) return MetricText(trial, path[1], path[2]);
  if (name == "params") return FindText(trial.params, path[1]);
  if (name == "tags") return FindText(trial.tags, path[1]);
  return std::nullopt;
}

}  // namespace xp::core
