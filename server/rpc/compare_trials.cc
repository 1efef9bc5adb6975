// CompareTrials: the store's summaries through core/trial_compare, paged.
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "proto/limits.h"
#include "proto/resource_name.h"
#include "proto/status.h"
#include "server/core/page_token.h"
#include "server/core/trial_compare.h"
#include "server/fleet/convert.h"
#include "server/rpc/services.h"
#include "server/store/metric_store.h"

namespace xp::rpc {
namespace {

// What the table was made with, beside the data.
struct Comparison {
  store::CompareData data;
  core::CompareTable table;
  core::MetricStat stat = core::MetricStat::kAvg;
  // The column of each metric's `stat`, and (for groups) of its average, in the order of metrics.
  struct Metric {
    std::string name;
    size_t stat_column = 0;
    size_t avg_column = 0;
  };
  std::vector<Metric> metrics;
};

absl::StatusOr<core::CompareOptions> MakeOptions(const v1::CompareTrialsRequest& request,
                                                 const store::CompareData& data,
                                                 core::MetricStat stat) {
  core::CompareOptions options;
  options.metrics.assign(request.metrics().begin(), request.metrics().end());
  options.stats = {stat};
  // A group's cell shows the mean of the averages also when another statistic ranks.
  if (!request.group_by().empty() && stat != core::MetricStat::kAvg) {
    options.stats.push_back(core::MetricStat::kAvg);
  }
  options.group_by = request.group_by();
  XP_ASSIGN_OR_RETURN(options.filter,
                      core::Filter::Parse("filter", request.filter(), core::TrialFilterFields()));
  options.sort = request.order_by();
  if (options.sort == "create_time") options.sort = "submitted";
  if (options.sort == "-create_time") options.sort = "-submitted";
  options.rank_by = data.rank_by;
  options.lower.assign(request.lower_is_better().begin(), request.lower_is_better().end());
  options.higher.assign(request.higher_is_better().begin(), request.higher_is_better().end());
  options.goals = data.goals;
  return options;
}

absl::StatusOr<Comparison> Compute(const ServerParts& parts,
                                   const v1::CompareTrialsRequest& request) {
  if (request.experiments().empty()) {
    return absl::InvalidArgumentError("experiments: is empty; name at least one");
  }
  for (int i = 0; i < request.experiments_size(); ++i) {
    XP_RETURN_IF_ERROR(CheckName(absl::StrCat("experiments[", i, "]"), request.experiments(i)));
  }
  Comparison comparison;
  if (!request.stat().empty()) {
    const auto stat = core::ParseStat(request.stat());
    if (!stat.has_value()) {
      return absl::InvalidArgumentError(
          absl::StrCat("stat: '", request.stat().substr(0, 50),
                       "' is none of avg, last, min, max, first, stddev and count"));
    }
    comparison.stat = *stat;
  }
  XP_ASSIGN_OR_RETURN(comparison.data, parts.store.metrics().Compare({request.experiments().begin(),
                                                                      request.experiments().end()},
                                                                     request.attempts()));
  XP_ASSIGN_OR_RETURN(const core::CompareOptions options,
                      MakeOptions(request, comparison.data, comparison.stat));
  std::vector<core::CompareTrial> trials;
  trials.reserve(comparison.data.rows.size());
  for (const store::CompareTrialRow& row : comparison.data.rows) trials.push_back(row.trial);
  XP_ASSIGN_OR_RETURN(comparison.table, core::CompareTrials(trials, options));
  for (size_t i = 0; i < comparison.table.columns.size(); ++i) {
    const core::MetricColumn& column = comparison.table.columns[i].column;
    const bool is_stat = column.stat == comparison.stat;
    auto known = std::find_if(comparison.metrics.begin(), comparison.metrics.end(),
                              [&](const auto& metric) { return metric.name == column.metric; });
    if (known == comparison.metrics.end()) {
      known = comparison.metrics.insert(known, {column.metric, i, i});
    }
    (is_stat ? known->stat_column : known->avg_column) = i;
    if (is_stat && column.stat == core::MetricStat::kAvg) known->avg_column = i;
  }
  return comparison;
}

std::string RowName(const Comparison& comparison, const core::CompareRow& row,
                    const std::string& group_by) {
  if (!group_by.empty()) return absl::StrCat(group_by, "=", row.label);
  const core::CompareTrial& trial = comparison.data.rows[row.trials.front()].trial;
  return absl::StrCat(trial.experiment, "/", trial.name);
}

void FillTrial(const store::CompareTrialRow& row, v1::CompareRow* out) {
  out->set_experiment(row.trial.experiment);
  out->set_trial(row.trial.name);
  out->set_state(std::string(core::StateName(row.trial.state)));
  out->set_reason(std::string(row.trial.failure != core::FailureReason::kNone
                                  ? core::ReasonName(row.trial.failure)
                                  : core::ReasonName(row.trial.stop)));
  out->set_attempt(row.attempt);
  out->set_from_predecessor(row.from_predecessor);
  out->set_worker(row.worker);
  const auto set_time = [](int64_t ns, google::protobuf::Timestamp* time) {
    *time = fleet::ToProto(absl::FromUnixNanos(ns));
  };
  if (row.create_time_ns != 0) set_time(row.create_time_ns, out->mutable_create_time());
  if (row.start_time_ns != 0) set_time(row.start_time_ns, out->mutable_start_time());
  if (row.end_time_ns != 0) set_time(row.end_time_ns, out->mutable_end_time());
  for (const v1::Param& param : row.params) {
    v1::NameValue* pair = out->add_params();
    pair->set_name(param.key());
    pair->set_value(param.text());
  }
}

void FillTrialCell(const store::CompareTrialRow& row, const std::string& metric,
                   v1::CompareCell* cell) {
  for (size_t i = 0; i < row.trial.metrics.size(); ++i) {
    if (row.trial.metrics[i].first != metric) continue;
    cell->set_present(true);
    cell->set_source(row.series[i].source);
    cell->set_several_sources(row.series[i].several_sources);
    *cell->mutable_summary() = store::ToSummary(row.trial.metrics[i].second, row.series[i]);
    return;
  }
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

v1::CompareRow MakeRow(const Comparison& comparison, const core::CompareRow& row,
                       const std::string& group_by) {
  v1::CompareRow out;
  out.set_name(RowName(comparison, row, group_by));
  out.set_why_empty(row.reason);
  if (group_by.empty()) {
    FillTrial(comparison.data.rows[row.trials.front()], &out);
  } else {
    out.set_group_size(static_cast<int32_t>(row.trials.size()));
  }
  for (const Comparison::Metric& metric : comparison.metrics) {
    v1::CompareCell* cell = out.add_cells();
    if (group_by.empty()) {
      FillTrialCell(comparison.data.rows[row.trials.front()], metric.name, cell);
    } else {
      FillGroupCell(comparison, row, metric, cell);
    }
    cell->set_best(row.cells[metric.stat_column].best);
  }
  return out;
}

void FillColumns(const Comparison& comparison, const std::string& group_by,
                 v1::CompareTrialsResponse* response) {
  for (const Comparison::Metric& metric : comparison.metrics) {
    v1::CompareColumn* column = response->add_columns();
    column->set_metric(metric.name);
    column->set_goal(comparison.table.columns[metric.stat_column].goal == core::MetricGoal::kMin
                         ? v1::GOAL_MINIMIZE
                         : v1::GOAL_MAXIMIZE);
    for (const core::CompareRow& row : comparison.table.rows) {
      if (row.cells[metric.stat_column].best) {
        column->add_best(RowName(comparison, row, group_by));
      }
    }
  }
}

core::RequestFingerprint Fingerprint(const v1::CompareTrialsRequest& request) {
  v1::CompareTrialsRequest same = request;
  same.clear_page_size();
  same.clear_page_token();
  core::RequestFingerprint fingerprint("CompareTrials");
  // The message has no maps, so its bytes are the same for the same content.
  fingerprint.Add("request", same.SerializeAsString());
  return fingerprint;
}

absl::Status Compare(const ServerParts& parts, const v1::CompareTrialsRequest& request,
                     v1::CompareTrialsResponse* response) {
  XP_ASSIGN_OR_RETURN(const int page_size, core::CheckPageSize(request.page_size()));
  const core::RequestFingerprint fingerprint = Fingerprint(request);
  XP_ASSIGN_OR_RETURN(const std::string position,
                      core::ReadPageToken(request.page_token(), fingerprint));
  size_t next = 0;
  if (!position.empty() && !absl::SimpleAtoi(position, &next)) {
    return absl::InvalidArgumentError("page_token: is damaged; begin with an empty one");
  }
  XP_ASSIGN_OR_RETURN(const Comparison comparison, Compute(parts, request));
  const std::vector<core::CompareRow>& rows = comparison.table.rows;
  FillColumns(comparison, request.group_by(), response);
  for (const std::string& note : comparison.table.notes) response->add_notes(note);
  response->set_total_rows(static_cast<int32_t>(rows.size()));
  size_t bytes = response->ByteSizeLong();
  for (; next < rows.size() && response->rows_size() < page_size; ++next) {
    v1::CompareRow row = MakeRow(comparison, rows[next], request.group_by());
    const size_t size = row.ByteSizeLong();
    if (response->rows_size() > 0 && bytes + size > limits::kMessageTargetBytes) break;
    bytes += size;
    *response->add_rows() = std::move(row);
  }
  if (next < rows.size()) {
    response->set_next_page_token(core::MakePageToken(absl::StrCat(next), fingerprint));
  }
  return absl::OkStatus();
}

}  // namespace

void AddCompareTrials(MethodTable* table, const ServerParts& parts) {
  table->AddUnary<v1::CompareTrialsRequest, v1::CompareTrialsResponse>(
      "/xp.v1.Metrics/CompareTrials", [&parts](CallContext&, const auto& request, auto* response) {
        return Compare(parts, request, response);
      });
}

}  // namespace xp::rpc
