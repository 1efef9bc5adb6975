#include "server/rpc/compare_message.h"

#include <absl/strings/str_cat.h>
#include <absl/time/time.h>

#include <optional>

#include "server/fleet/convert.h"

namespace xp::rpc {
namespace {

// Where all rows are equal (an epoch, a learning rate), a column would name all of them.
constexpr int kBestNamesMax = 10;

std::string RowName(const Comparison& comparison, const core::CompareRow& row) {
  if (!comparison.group_by.empty()) return absl::StrCat(comparison.group_by, "=", row.label);
  const core::CompareTrial& trial = comparison.trials[row.trials.front()];
  return absl::StrCat(trial.experiment, "/", trial.name);
}

void FillTrial(const core::CompareTrial& trial, const store::CompareTrialRow& row,
               v1::CompareRow* out) {
  out->set_experiment(trial.experiment);
  out->set_trial(trial.name);
  out->set_state(std::string(core::StateName(trial.state)));
  out->set_reason(std::string(trial.failure != core::FailureReason::kNone
                                  ? core::ReasonName(trial.failure)
                                  : core::ReasonName(trial.stop)));
  out->set_attempt(row.attempt);
  out->set_from_predecessor(row.from_predecessor);
  out->set_worker(trial.worker);
  const auto set_time = [](int64_t ns, google::protobuf::Timestamp* time) {
    *time = fleet::ToProto(absl::FromUnixNanos(ns));
  };
  if (trial.create_time_ns != 0) set_time(trial.create_time_ns, out->mutable_create_time());
  if (trial.start_time_ns != 0) set_time(trial.start_time_ns, out->mutable_start_time());
  if (trial.end_time_ns != 0) set_time(trial.end_time_ns, out->mutable_end_time());
  for (const auto& [name, value] : trial.params) {
    v1::NameValue* pair = out->add_params();
    pair->set_name(name);
    pair->set_value(value);
  }
}

// The place of `metric` among the trial's; its size when it has none. Columns and series are mostly
// in one order, so the one after the last that was found is tried first.
size_t FindSeries(const core::CompareTrial& trial, const std::string& metric, size_t guess) {
  if (guess < trial.metrics.size() && trial.metrics[guess].first == metric) return guess;
  size_t place = 0;
  while (place < trial.metrics.size() && trial.metrics[place].first != metric) ++place;
  return place;
}

void SetStat(core::MetricStat stat, double value, v1::Summary* summary) {
  switch (stat) {
    case core::MetricStat::kAvg:
      return summary->set_avg(value);
    case core::MetricStat::kLast:
      return summary->set_last(value);
    case core::MetricStat::kMin:
      return summary->set_min(value);
    case core::MetricStat::kMax:
      return summary->set_max(value);
    case core::MetricStat::kFirst:
      return summary->set_first(value);
    case core::MetricStat::kStdDev:
    case core::MetricStat::kCount:
      return;  // in a group these two mean the spread and the number of trials
  }
}

void FillGroupCell(const Comparison& comparison, const core::CompareRow& row,
                   const Comparison::Metric& metric, v1::CompareCell* cell) {
  const core::CompareCell& average = row.cells[metric.avg_column];
  const core::CompareCell& ranked = row.cells[metric.stat_column];
  cell->set_present(average.trials > 0);
  v1::Summary* summary = cell->mutable_summary();
  summary->set_count(average.trials);
  summary->set_stddev(average.spread);
  if (ranked.value.has_value()) SetStat(comparison.stat, *ranked.value, summary);
  if (average.value.has_value()) summary->set_avg(*average.value);
  summary->set_nan_count(average.nan_count);
  summary->set_inf_count(average.inf_count);
}

void FillTrialCells(const Comparison& comparison, const core::CompareRow& row,
                    v1::CompareRow* out) {
  const core::CompareTrial& trial = comparison.trials[row.trials.front()];
  const store::CompareTrialRow& shown = comparison.data.rows[row.trials.front()];
  FillTrial(trial, shown, out);
  size_t guess = 0;
  for (const Comparison::Metric& metric : comparison.metrics) {
    v1::CompareCell* cell = out->add_cells();
    cell->set_best(row.cells[metric.stat_column].best);
    const size_t place = FindSeries(trial, metric.name, guess);
    guess = place + 1;
    if (place == trial.metrics.size()) continue;
    const store::CompareSeries& series = shown.series[place];
    cell->set_present(true);
    cell->set_source(series.source);
    cell->set_several_sources(series.several_sources);
    store::FillSummary(trial.metrics[place].second, series, cell->mutable_summary());
  }
}

}  // namespace

v1::CompareTrialsResponse MakeHead(const Comparison& comparison) {
  v1::CompareTrialsResponse head;
  for (const Comparison::Metric& metric : comparison.metrics) {
    v1::CompareColumn* column = head.add_columns();
    column->set_metric(metric.name);
    column->set_goal(comparison.table.columns[metric.stat_column].goal == core::MetricGoal::kMin
                         ? v1::GOAL_MINIMIZE
                         : v1::GOAL_MAXIMIZE);
    for (const core::CompareRow& row : comparison.table.rows) {
      if (column->best_size() == kBestNamesMax) break;
      if (row.cells[metric.stat_column].best) column->add_best(RowName(comparison, row));
    }
  }
  for (const std::string& note : comparison.table.notes) head.add_notes(note);
  head.set_total_rows(static_cast<int32_t>(comparison.table.rows.size()));
  return head;
}

v1::CompareRow MakeRow(const Comparison& comparison, const core::CompareRow& row) {
  v1::CompareRow out;
  out.set_name(RowName(comparison, row));
  out.set_why_empty(row.reason);
  if (comparison.group_by.empty()) {
    FillTrialCells(comparison, row, &out);
    return out;
  }
  out.set_group_size(static_cast<int32_t>(row.trials.size()));
  for (const Comparison::Metric& metric : comparison.metrics) {
    v1::CompareCell* cell = out.add_cells();
    FillGroupCell(comparison, row, metric, cell);
    cell->set_best(row.cells[metric.stat_column].best);
  }
  return out;
}

}  // namespace xp::rpc
