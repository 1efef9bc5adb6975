#include "client/xpctl/compare_json.h"

#include <absl/strings/ascii.h>

#include "client/xpctl/format.h"
#include "proto/status.h"

namespace xp::xpctl {
namespace {

using nlohmann::ordered_json;

std::string SourceName(v1::SourceKind source) {
  switch (source) {
    case v1::SOURCE_KIND_LOG:
      return "log";
    case v1::SOURCE_KIND_METRICS_FILE:
      return "metrics_file";
    case v1::SOURCE_KIND_WRITER:
      return "writer";
    default:
      return "";
  }
}

ordered_json RowJson(const v1::CompareRow& row, const v1::CompareTrialsResponse& response) {
  ordered_json json;
  json["name"] = row.name();
  json["experiment"] = row.experiment();
  json["trial"] = row.trial();
  json["state"] = row.state();
  json["reason"] = row.reason();
  json["attempt"] = row.attempt();
  json["from_predecessor"] = row.from_predecessor();
  json["worker"] = row.worker();
  json["create_time"] = JsonTime(row.create_time());
  json["start_time"] = JsonTime(row.start_time());
  json["end_time"] = JsonTime(row.end_time());
  json["group_size"] = row.group_size();
  json["why_empty"] = row.why_empty();
  json["params"] = ordered_json::object();
  for (const v1::NameValue& param : row.params()) json["params"][param.name()] = param.value();
  json["metrics"] = ordered_json::object();
  for (int c = 0; c < row.cells_size() && c < response.columns_size(); ++c) {
    const v1::CompareCell& cell = row.cells(c);
    if (!cell.present()) continue;
    ordered_json value = SummaryJson(cell.summary());
    value["source"] = SourceName(cell.source());
    value["several_sources"] = cell.several_sources();
    value["best"] = cell.best();
    json["metrics"][response.columns(c).metric()] = std::move(value);
  }
  return json;
}

}  // namespace

ordered_json SummaryJson(const v1::Summary& summary) {
  ordered_json json;
  const auto statistic = [&](double value) {
    return summary.count() == 0 ? ordered_json(nullptr) : JsonNumber(value);
  };
  json["count"] = summary.count();
  json["min"] = statistic(summary.min());
  json["max"] = statistic(summary.max());
  json["avg"] = statistic(summary.avg());
  json["stddev"] = statistic(summary.stddev());
  json["first"] = statistic(summary.first());
  json["last"] = statistic(summary.last());
  json["nan_count"] = summary.nan_count();
  json["inf_count"] = summary.inf_count();
  json["last_time"] = JsonTime(summary.last_time());
  json["last_step"] = summary.last_step();
  json["min_step"] = summary.min_step();
  json["max_step"] = summary.max_step();
  return json;
}

ordered_json CompareJson(const v1::CompareTrialsResponse& response, const std::string& stat) {
  ordered_json json;
  json["stat"] = stat;
  json["columns"] = ordered_json::array();
  for (const v1::CompareColumn& column : response.columns()) {
    ordered_json entry;
    entry["metric"] = column.metric();
    entry["goal"] = column.goal() == v1::GOAL_MINIMIZE ? "min" : "max";
    entry["best"] = ordered_json::array();
    for (const std::string& best : column.best()) entry["best"].push_back(best);
    json["columns"].push_back(std::move(entry));
  }
  json["rows"] = ordered_json::array();
  for (const v1::CompareRow& row : response.rows()) json["rows"].push_back(RowJson(row, response));
  json["notes"] = ordered_json::array();
  for (const std::string& note : response.notes()) json["notes"].push_back(note);
  json["total_rows"] = response.total_rows();
  return json;
}

}  // namespace xp::xpctl
