#include "server/core/compare_notes.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "server/core/compare_input.h"
#include "server/core/suggest.h"
#include "server/core/text.h"

namespace xp::core {
namespace {

// Metrics named in one note; the rest is counted.
constexpr size_t kMetricsNamed = 6;

std::string ByState(const CompareTrial& trial) {
  switch (trial.state) {
    case TrialState::kQueued:
      return "waits in the queue";
    case TrialState::kAssigned:
      return "given to a worker, not yet started";
    case TrialState::kRunning:
      return "runs, no number yet";
    case TrialState::kFinishing:
      return "its last bytes are under way, no number yet";
    case TrialState::kStopping:
      return "being stopped, no number yet";
    case TrialState::kLost:
      return "its worker is silent, no number yet";
    case TrialState::kCompleted:
      return "completed without a number: no definition matched one";
    case TrialState::kFailed:
      return absl::StrCat("failed (", ToAbsl(ReasonName(trial.failure)),
                          ") before its first number");
    case TrialState::kStopped:
      return absl::StrCat("stopped (", ToAbsl(ReasonName(trial.stop)), ") before its first number");
  }
  return "";
}

// Metrics to which the same sentence applies, in the order of the columns.
template <typename Value>
using Groups = std::vector<std::pair<Value, std::vector<std::string>>>;

template <typename Value>
void AddTo(Groups<Value>& groups, const Value& value, const std::string& metric) {
  for (auto& [known, metrics] : groups) {
    if (known == value) {
      metrics.push_back(metric);
      return;
    }
  }
  groups.push_back({value, {metric}});
}

}  // namespace

std::string WhyNoNumbers(const CompareInput& input, size_t trial,
                         absl::Span<const size_t> metrics) {
  uint64_t not_finite = 0;
  for (const size_t metric : metrics) {
    const MetricSummary* summary = input.Summary(trial, metric);
    if (summary == nullptr) continue;
    if (summary->has_values()) return "";
    not_finite += summary->points();
  }
  if (not_finite > 0) {
    return absl::StrCat("all ", not_finite, " points are NaN or infinite");
  }
  const CompareTrial& held = input.trials()[trial];
  if (!held.no_numbers.empty()) return held.no_numbers;
  const bool elsewhere = std::any_of(held.metrics.begin(), held.metrics.end(),
                                     [](const auto& one) { return one.second.has_values(); });
  if (elsewhere) return "has numbers, but none of the metrics shown";
  return ByState(held);
}

std::vector<std::string> CountNotes(const CompareInput& input, absl::Span<const CompareRow> rows,
                                    absl::Span<const size_t> metrics) {
  Groups<std::pair<uint64_t, uint64_t>> ranges;
  for (const size_t metric : metrics) {
    std::optional<std::pair<uint64_t, uint64_t>> range;
    for (const CompareRow& row : rows) {
      for (const size_t member : row.trials) {
        const MetricSummary* summary = input.Summary(member, metric);
        if (summary == nullptr || !summary->has_values()) continue;
        if (!range) range = {summary->count, summary->count};
        range = {std::min(range->first, summary->count), std::max(range->second, summary->count)};
      }
    }
    if (range && range->first != range->second) AddTo(ranges, *range, input.metrics()[metric]);
  }
  if (ranges.empty()) return {};
  std::string note = "counts differ between trials, so their averages cover different points: ";
  std::string_view separator = "";
  for (const auto& [range, names] : ranges) {
    absl::StrAppend(&note, ToAbsl(separator), NameList(names, kMetricsNamed), " (", range.first,
                    " to ", range.second, ")");
    separator = "; ";
  }
  return {note};
}

std::vector<std::string> DisagreementNotes(const CompareInput& input,
                                           absl::Span<const CompareRow> rows,
                                           absl::Span<const size_t> metrics,
                                           const CompareOptions& options) {
  Groups<std::pair<size_t, size_t>> winners;
  for (const size_t metric : metrics) {
    const std::string& name = input.metrics()[metric];
    const MetricGoal goal = GoalOf(name, options);
    const std::vector<size_t> average = BestRows(input, rows, metric, MetricStat::kAvg, goal);
    const std::vector<size_t> last = BestRows(input, rows, metric, MetricStat::kLast, goal);
    if (average.empty() || last.empty()) continue;
    const bool agree = std::find_first_of(average.begin(), average.end(), last.begin(),
                                          last.end()) != average.end();
    if (!agree) AddTo(winners, std::make_pair(average.front(), last.front()), name);
  }
  std::vector<std::string> notes;
  for (const auto& [pair, names] : winners) {
    notes.push_back(absl::StrCat(NameList(names, kMetricsNamed), ": by average ",
                                 rows[pair.first].label, " is best, by last value ",
                                 rows[pair.second].label));
  }
  return notes;
}

std::vector<size_t> BestRows(const CompareInput& input, absl::Span<const CompareRow> rows,
                             size_t metric, MetricStat stat, MetricGoal goal) {
  if (stat == MetricStat::kCount || stat == MetricStat::kStdDev) return {};
  std::vector<size_t> best;
  size_t values = 0;
  double best_value = 0;
  for (size_t r = 0; r < rows.size(); ++r) {
    const std::optional<double> value = input.MakeCell(rows[r].trials, metric, stat).value;
    if (!value.has_value()) continue;
    ++values;
    const bool better = goal == MetricGoal::kMin ? *value < best_value : *value > best_value;
    if (best.empty() || better) {
      best = {r};
      best_value = *value;
    } else if (*value == best_value) {
      best.push_back(r);
    }
  }
  return values < 2 ? std::vector<size_t>{} : best;
}

}  // namespace xp::core
