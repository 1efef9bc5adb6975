#include "client/xpctl/trial_report.h"

#include <absl/strings/str_cat.h>
#include <google/protobuf/util/json_util.h>

#include <utility>

#include "client/xpctl/format.h"
#include "client/xpctl/spec/quantities.h"

namespace xp::xpctl {
namespace {

using nlohmann::ordered_json;

// The messages of the API have their JSON form already (the one that the HTTP side speaks).
ordered_json ProtoJson(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string text;
  if (!google::protobuf::util::MessageToJsonString(message, &text, options).ok()) return nullptr;
  return ordered_json::parse(text, nullptr, /*allow_exceptions=*/false);
}

std::string ParamText(const v1::Param& param) {
  return param.kind() == v1::PARAM_KIND_NULL ? "(left out)" : param.text();
}

std::string InputText(const v1::InputChannel& input) {
  if (!input.dataset().empty()) return "dataset:" + input.dataset();
  if (!input.worker_path().empty()) return "file://" + input.worker_path();
  return "sha256:" + input.manifest_sha256();
}

class Lines {
 public:
  explicit Lines(Table* table) : table_(*table) { table_.columns = {{"field"}, {"value"}}; }
  void Add(const std::string& field, Cell value) {
    if (!value.text.empty()) table_.rows.push_back({field, std::move(value)});
  }

 private:
  Table& table_;
};

void AddSpec(const v1::TrialSpec& spec, Lines* lines) {
  std::string command;
  for (const std::string& argument : spec.command()) {
    absl::StrAppend(&command, command.empty() ? "" : " ", argument);
  }
  lines->Add("command", command);
  for (const v1::Param& param : spec.params())
    lines->Add("params." + param.key(), ParamText(param));
  for (const v1::InputChannel& input : spec.inputs()) {
    lines->Add("inputs." + input.name(), InputText(input));
  }
  for (const v1::MetricDefinition& metric : spec.metric_definitions()) {
    lines->Add("metrics." + metric.name(), metric.regex());
  }
  lines->Add("metrics_preset", spec.metrics_preset());
  for (const auto& [key, value] : spec.env()) lines->Add("env." + key, value);
  lines->Add("source", spec.source_manifest_sha256());
  lines->Add("git commit", spec.source_git_commit() +
                               (spec.source_git_diff_sha256().empty() ? "" : " with changes"));
  lines->Add("gpus", absl::StrCat(spec.resources().gpus()));
  for (const auto& [key, value] : spec.resources().labels()) lines->Add("label " + key, value);
  if (spec.has_timeout()) {
    lines->Add("timeout", ShowDuration(absl::Seconds(spec.timeout().seconds())));
  }
  if (spec.retries() > 0) lines->Add("retries", absl::StrCat(spec.retries()));
}

}  // namespace

ordered_json TrialJson(const v1::Trial& trial) {
  ordered_json json;
  json["name"] = trial.name();
  json["uid"] = trial.uid();
  json["state"] = StateName(trial.state());
  json["reason"] = ReasonName(trial.reason());
  json["message"] = trial.message();
  json["attempt"] = trial.attempt();
  json["worker"] = trial.worker();
  json["priority"] = trial.priority();
  json["failures"] = trial.failures();
  json["worker_faults"] = trial.worker_faults();
  json["create_time"] = JsonTime(trial.create_time());
  json["start_time"] = JsonTime(trial.start_time());
  json["end_time"] = JsonTime(trial.end_time());
  json["tags"] = ordered_json::object();
  for (const auto& [key, value] : trial.tags()) json["tags"][key] = value;
  json["notes"] = trial.notes();
  if (!trial.log_tail().empty()) json["log_tail"] = trial.log_tail();
  if (trial.has_latest_attempt()) json["latest_attempt"] = ProtoJson(trial.latest_attempt());
  if (trial.has_spec()) json["spec"] = ProtoJson(trial.spec());
  return json;
}

Report TrialsReport(const std::vector<v1::Trial>& trials, absl::Time now) {
  Report report;
  report.table.columns = {{"trial"},
                          {"state"},
                          {"attempt", Align::kRight},
                          {"worker"},
                          {"duration", Align::kRight},
                          {"message", Align::kLeft, /*elastic=*/true}};
  report.json["trials"] = ordered_json::array();
  for (const v1::Trial& trial : trials) {
    // A trial that was queued again is nowhere and does not run, whatever its last attempt did.
    const bool waits = trial.state() == v1::QUEUED;
    Cell attempt("-");
    attempt.raw = "";
    if (trial.attempt() > 0) attempt = Cell(absl::StrCat(trial.attempt()));
    report.table.rows.push_back(
        {trial.name(), StateCell(StateName(trial.state()), ReasonName(trial.reason())),
         std::move(attempt), waits ? "" : trial.worker(),
         waits ? Cell() : ElapsedCell(trial.start_time(), trial.end_time(), now), trial.message()});
    report.json["trials"].push_back(TrialJson(trial));
  }
  return report;
}

Report TrialReport(const v1::Trial& trial, absl::TimeZone zone, absl::Time now) {
  Report report;
  report.json = TrialJson(trial);
  Lines lines(&report.table);
  lines.Add("trial", trial.name());
  lines.Add("state", StateCell(StateName(trial.state()), ReasonName(trial.reason())));
  lines.Add("message", trial.message());
  if (trial.attempt() > 0) lines.Add("attempt", absl::StrCat(trial.attempt()));
  lines.Add("worker", trial.worker());
  const v1::Attempt& attempt = trial.latest_attempt();
  if (attempt.has_exit_code()) lines.Add("exit code", absl::StrCat(attempt.exit_code()));
  if (attempt.signal() != 0) lines.Add("signal", absl::StrCat(attempt.signal()));
  lines.Add("checkpoint", attempt.checkpoint_note());
  if (trial.failures() > 0) lines.Add("failures", absl::StrCat(trial.failures()));
  if (trial.worker_faults() > 0) lines.Add("worker faults", absl::StrCat(trial.worker_faults()));
  lines.Add("created", TimeCell(trial.create_time(), zone));
  lines.Add("started", TimeCell(trial.start_time(), zone));
  lines.Add("ended", TimeCell(trial.end_time(), zone));
  lines.Add("duration", ElapsedCell(trial.start_time(), trial.end_time(), now));
  if (trial.priority() != 0) lines.Add("priority", absl::StrCat(trial.priority()));
  for (const auto& [key, value] : trial.tags()) lines.Add("tags." + key, value);
  lines.Add("notes", trial.notes());
  AddSpec(trial.spec(), &lines);
  return report;
}

}  // namespace xp::xpctl
