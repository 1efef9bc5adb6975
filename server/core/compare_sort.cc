#include "server/core/compare_sort.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <utility>

#include "server/core/compare_input.h"
#include "server/core/suggest.h"

namespace xp::core {
namespace {

enum class Direction { kUp, kDown };

// What a row sorts by. Numbers come before text.
struct Key {
  std::optional<double> number;
  std::optional<std::string> text;

  bool missing() const { return !number.has_value() && !text.has_value(); }
};

int Compare(const Key& a, const Key& b) {
  if (a.number.has_value() != b.number.has_value()) return a.number.has_value() ? -1 : 1;
  if (a.number.has_value()) return *a.number < *b.number ? -1 : *a.number > *b.number ? 1 : 0;
  return a.text->compare(*b.text);
}

Key TextKey(const std::optional<std::string>& text) {
  double number = 0;
  if (!text.has_value()) return {};
  if (absl::SimpleAtod(*text, &number)) {
    if (std::isnan(number)) return {};
    return {number, std::nullopt};
  }
  return {std::nullopt, text};
}

void SortBy(const std::function<Key(const CompareRow&)>& key_of, Direction direction,
            std::vector<CompareRow>& rows) {
  std::vector<std::pair<Key, CompareRow>> keyed;
  for (CompareRow& row : rows) {
    Key key = key_of(row);
    keyed.emplace_back(std::move(key), std::move(row));
  }
  std::stable_sort(keyed.begin(), keyed.end(), [&](const auto& a, const auto& b) {
    if (a.first.missing() || b.first.missing()) return !a.first.missing() && b.first.missing();
    const int order = Compare(a.first, b.first);
    return direction == Direction::kUp ? order < 0 : order > 0;
  });
  rows.clear();
  for (auto& [key, row] : keyed) rows.push_back(std::move(row));
}

// What `name` means as a sort key; nothing when it means nothing.
std::function<Key(const CompareRow&)> KeyFunction(const CompareInput& input,
                                                  const std::string& name) {
  const absl::Span<const CompareTrial> trials = input.trials();
  const auto first = [trials](const CompareRow& row) -> const CompareTrial& {
    return trials[row.trials.front()];
  };
  if (name == "name") {
    return [](const CompareRow& row) { return Key{std::nullopt, row.label}; };
  }
  if (name == "experiment") {
    return [first](const CompareRow& row) { return Key{std::nullopt, first(row).experiment}; };
  }
  if (name == "state") {
    return [first](const CompareRow& row) {
      return Key{static_cast<double>(first(row).state), std::nullopt};
    };
  }
  if (name == "submitted") {
    return [](const CompareRow& row) {
      return Key{static_cast<double>(row.trials.front()), std::nullopt};
    };
  }
  if (const std::optional<MetricColumn> column = ParseMetricColumn(name, input.metrics())) {
    return [&input, metric = *input.FindMetric(column->metric),
            stat = column->stat](const CompareRow& row) {
      return Key{input.MakeCell(row.trials, metric, stat).value, std::nullopt};
    };
  }
  if (IsParamOrTag(trials, name)) {
    return [first, name](const CompareRow& row) { return TextKey(ParamOrTag(first(row), name)); };
  }
  return nullptr;
}

absl::Status UnknownKey(const CompareInput& input, const std::string& name) {
  const std::vector<std::string>& metrics = input.metrics();
  std::vector<std::string> all = {"name", "experiment", "state", "submitted"};
  const std::vector<std::string> params = ParamNames(input.trials());
  all.insert(all.end(), metrics.begin(), metrics.end());
  all.insert(all.end(), params.begin(), params.end());
  return absl::InvalidArgumentError(absl::StrCat(
      "sort: '", name, "' is no key", DidYouMean(name, all),
      "; use name, experiment, state, submitted, a metric with or without statistic (",
      NameList(metrics), "), or a param (", NameList(params), "); '-' before it turns it round"));
}

}  // namespace

absl::Status SortRows(const CompareInput& input, const CompareOptions& options,
                      std::vector<CompareRow>& rows, std::vector<std::string>& notes) {
  if (!options.sort.empty()) {
    const Direction direction = options.sort[0] == '-' ? Direction::kDown : Direction::kUp;
    const std::string name = options.sort.substr(direction == Direction::kDown ? 1 : 0);
    const auto key_of = KeyFunction(input, name);
    if (key_of == nullptr) return UnknownKey(input, name);
    SortBy(key_of, direction, rows);
    return absl::OkStatus();
  }
  if (options.rank_by.empty()) return absl::OkStatus();
  const std::optional<MetricColumn> column = ParseMetricColumn(options.rank_by, input.metrics());
  if (!column.has_value()) {
    const bool turned = options.rank_by[0] == '-' &&
                        ParseMetricColumn(options.rank_by.substr(1), input.metrics()).has_value();
    notes.push_back(absl::StrCat(
        "rank_by: no trial has '", options.rank_by, "'; the rows stand as submitted",
        turned ? " (it is a metric alone, ranked best first: leave out the '-')" : ""));
    return absl::OkStatus();
  }
  const bool low_first = GoalOf(column->metric, options) == MetricGoal::kMin;
  SortBy(KeyFunction(input, options.rank_by), low_first ? Direction::kUp : Direction::kDown, rows);
  return absl::OkStatus();
}

}  // namespace xp::core
