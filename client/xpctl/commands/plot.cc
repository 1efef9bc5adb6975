// xpctl plot E [--metric M]: the curves of all trials on one chart, in the terminal.
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <map>
#include <memory>
#include <ostream>

#include "client/cpp/client.h"
#include "client/cpp/paging.h"
#include "client/xpctl/canvas.h"
#include "client/xpctl/commands/commands.h"
#include "client/xpctl/commands/compare_query.h"
#include "client/xpctl/exit_code.h"
#include "client/xpctl/format.h"

namespace xp::xpctl {
namespace {

constexpr int kFileWidth = 100;  // where there is no terminal

struct PlotOptions {
  std::string experiment;
  std::vector<std::string> metrics;
  std::string axis = "step";
  int height = 16;
};

v1::HistoryAxis AxisOf(const std::string& name) {
  if (name == "time") return v1::HISTORY_AXIS_TIME;
  return name == "position" ? v1::HISTORY_AXIS_POSITION : v1::HISTORY_AXIS_STEP;
}

struct TrialHistory {
  std::string name;
  v1::SeriesHistory series;
};

using Histories = std::map<std::string, std::vector<TrialHistory>>;  // by metric

// One call per trial, whatever the number of metrics.
absl::StatusOr<Histories> ReadHistories(client::Client& client,
                                        const v1::CompareTrialsResponse& table,
                                        const std::vector<std::string>& metrics,
                                        const PlotOptions& options) {
  Histories histories;
  for (const v1::CompareRow& row : table.rows()) {
    if (row.attempt() == 0) continue;
    v1::GetHistoryRequest request;
    request.set_name(row.name());
    for (const std::string& metric : metrics) request.add_metrics(metric);
    request.set_axis(AxisOf(options.axis));
    const absl::Status status = client::ForEachPage(
        client, &v1::Metrics::Stub::GetHistory, request, [&](const v1::GetHistoryResponse& page) {
          for (const v1::SeriesHistory& series : page.series()) {
            histories[series.metric()].push_back({row.trial(), series});
          }
        });
    if (!status.ok() && !absl::IsNotFound(status)) return status;
  }
  return histories;
}

ChartSeries ToChart(const TrialHistory& history, const std::string& axis) {
  const v1::Points& points = history.series.points();
  ChartSeries chart;
  chart.name =
      absl::StrCat(history.name, " (", Plural(history.series.total_points(), "point"), ")");
  for (int i = 0; i < points.values_size(); ++i) {
    double x = i;
    if (axis == "step" && i < points.steps_size()) x = static_cast<double>(points.steps(i));
    if (axis == "time" && i < points.times_ms_size()) {
      x = static_cast<double>(points.times_ms(i) - points.times_ms(0)) / 1000;
    }
    chart.x.push_back(x);
    chart.y.push_back(points.values(i));
  }
  return chart;
}

nlohmann::ordered_json ToJson(const TrialHistory& history, const std::string& metric) {
  const v1::Points& points = history.series.points();
  nlohmann::ordered_json json;
  json["trial"] = history.name;
  json["metric"] = metric;
  json["attempt"] = history.series.attempt();
  json["total_points"] = history.series.total_points();
  json["steps"] = points.steps();
  json["times_ms"] = points.times_ms();
  json["values"] = nlohmann::ordered_json::array();
  for (const double value : points.values()) json["values"].push_back(JsonNumber(value));
  return json;
}

void AddRows(const TrialHistory& history, const std::string& metric, Table* csv) {
  const v1::Points& points = history.series.points();
  for (int i = 0; i < points.values_size(); ++i) {
    csv->rows.push_back({history.name, metric,
                         i < points.steps_size() ? absl::StrCat(points.steps(i)) : "",
                         i < points.times_ms_size() ? absl::StrCat(points.times_ms(i)) : "",
                         ExactNumber(points.values(i))});
  }
}

absl::StatusOr<int> Plot(Session& session, const PlotOptions& options) {
  XP_ASSIGN_OR_RETURN(client::Client* const client, session.Connect());
  v1::CompareTrialsRequest request;
  request.add_experiments(options.experiment);
  XP_ASSIGN_OR_RETURN(const v1::CompareTrialsResponse table, QueryCompare(*client, request));
  std::vector<std::string> there;
  for (const v1::CompareColumn& column : table.columns()) there.push_back(column.metric());
  std::vector<std::string> metrics = options.metrics.empty() ? there : options.metrics;
  for (const std::string& metric : metrics) {
    if (std::find(there.begin(), there.end(), metric) != there.end()) continue;
    std::string names;
    for (const std::string& name : there) absl::StrAppend(&names, names.empty() ? "" : ", ", name);
    return absl::InvalidArgumentError("no metric \"" + metric + "\" in " + options.experiment +
                                      "; there are: " + (names.empty() ? "none yet" : names));
  }
  const Terminal& terminal = session.world().out_terminal;
  ChartOptions chart;
  chart.width = terminal.width > 0 ? terminal.width : kFileWidth;
  chart.height = options.height;
  chart.x_label = options.axis == "time" ? "seconds" : options.axis;
  chart.style = terminal.colour ? ChartStyle::kColour : ChartStyle::kLetters;
  Report report;
  report.csv.columns = {{"trial"}, {"metric"}, {"step"}, {"time_ms"}, {"value"}};
  report.json["series"] = nlohmann::ordered_json::array();
  std::string charts;
  XP_ASSIGN_OR_RETURN(Histories histories, ReadHistories(*client, table, metrics, options));
  for (const std::string& metric : metrics) {
    std::vector<ChartSeries> series;
    for (const TrialHistory& history : histories[metric]) {
      series.push_back(ToChart(history, options.axis));
      report.json["series"].push_back(ToJson(history, metric));
      AddRows(history, metric, &report.csv);
    }
    charts += (charts.empty() ? "" : "\n") + DrawChart(metric, series, chart);
  }
  if (session.format() == OutputFormat::kJson || session.format() == OutputFormat::kCsv) {
    session.Print(report);
  } else if (metrics.empty()) {
    session.Say(options.experiment + " has no metrics yet");
  } else {
    const bool fenced = session.format() == OutputFormat::kMarkdown;
    *session.world().out << (fenced ? "```\n" + charts + "```\n" : charts) << std::flush;
  }
  return kExitOk;
}

}  // namespace

void AddPlot(CLI::App& app, Action* action) {
  auto options = std::make_shared<PlotOptions>();
  CLI::App* const command =
      app.add_subcommand("plot", "The metrics of all trials as charts in the terminal");
  command->add_option("E", options->experiment, "Experiment")->required();
  command->add_option("--metric,-m", options->metrics, "Only this metric (may be repeated)")
      ->allow_extra_args(false)
      ->take_all();
  command->add_option("--axis", options->axis, "step (the default), time or position")
      ->check(CLI::IsMember({"step", "time", "position"}));
  command->add_option("--height", options->height, "Lines of a chart")->check(CLI::Range(2, 200));
  command->callback([options, action] {
    *action = [options](Session& session) { return Plot(session, *options); };
  });
}

}  // namespace xp::xpctl
