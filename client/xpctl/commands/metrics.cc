// xpctl metrics test --log FILE, metrics backfill E: what a regular expression captures, before any
// GPU is spent and after the fact.
#include <absl/strings/str_cat.h>

#include <memory>

#include "client/cpp/client.h"
#include "client/xpctl/commands/commands.h"
#include "client/xpctl/exit_code.h"
#include "client/xpctl/format.h"
#include "client/xpctl/metric_options.h"
#include "client/xpctl/progress.h"
#include "client/xpctl/receipt_report.h"
#include "client/xpctl/spec/quantities.h"
#include "worker/capture/capture_preview.h"

namespace xp::xpctl {
namespace {

struct MetricsOptions {
  MetricOptions metrics;
  std::string log;
  std::string experiment;
  std::vector<std::string> trials;
};

nlohmann::ordered_json RuleJson(const capture::RulePreview& rule) {
  nlohmann::ordered_json json;
  json["name"] = rule.label;
  json["matches"] = rule.counters.matches;
  json["numbers"] = rule.counters.numbers;
  json["rejected"] = rule.counters.rejected;
  json["dropped_beyond_limit"] = rule.counters.beyond_limits;
  json["dropped_at_cut"] = rule.counters.dropped_at_cut;
  json["fields_rejected"] = rule.counters.fields_rejected;
  json["last_sample"] = rule.counters.last.text;
  json["rejected_sample"] = rule.counters.last_rejected.text;
  json["nearest_line"] = rule.counters.nearest.line.text;
  json["series"] = rule.series;
  json["first_points"] = nlohmann::ordered_json::array();
  for (const capture::PreviewPoint& point : rule.first_points) {
    nlohmann::ordered_json entry;
    entry["series"] = point.series;
    entry["value"] = JsonNumber(point.point.value);
    entry["step"] = point.point.step ? nlohmann::ordered_json(*point.point.step) : nullptr;
    entry["epoch"] = point.point.epoch ? JsonNumber(*point.point.epoch) : nullptr;
    entry["offset"] = point.point.offset;
    json["first_points"].push_back(std::move(entry));
  }
  json["advice"] = rule.advice;
  return json;
}

std::string FirstValues(const capture::RulePreview& rule) {
  std::string text;
  for (const capture::PreviewPoint& point : rule.first_points) {
    absl::StrAppend(&text, text.empty() ? "" : ", ");
    if (rule.series.size() > 1) absl::StrAppend(&text, point.series, "=");
    absl::StrAppend(&text, ShortNumber(point.point.value));
    if (point.point.step) absl::StrAppend(&text, " @", *point.point.step);
  }
  if (rule.counters.numbers > rule.first_points.size()) text += ", ...";
  return text;
}

absl::StatusOr<int> Test(Session& session, const MetricsOptions& options) {
  XP_ASSIGN_OR_RETURN(const auto rules, CompileMetricOptions(options.metrics));
  XP_ASSIGN_OR_RETURN(const capture::Preview preview,
                      capture::PreviewLog(*rules, options.log, session.world().zone));
  Report report;
  report.json["bytes"] = preview.bytes;
  report.json["lines"] = preview.lines;
  report.json["long_lines"] = preview.long_lines;
  report.json["points"] = preview.points;
  report.json["definitions"] = nlohmann::ordered_json::array();
  report.table.columns = {{"metric"},
                          {"matches", Align::kRight},
                          {"numbers", Align::kRight},
                          {"rejected", Align::kRight},
                          {"first values", Align::kLeft, /*elastic=*/true}};
  bool all_found = true;
  for (const capture::RulePreview& rule : preview.rules) {
    const capture::RuleCounters& counters = rule.counters;
    report.table.rows.push_back({rule.label, absl::StrCat(counters.matches),
                                 absl::StrCat(counters.numbers), absl::StrCat(counters.rejected),
                                 FirstValues(rule)});
    if (!rule.advice.empty()) report.notes.push_back(rule.advice);
    report.json["definitions"].push_back(RuleJson(rule));
    all_found = all_found && counters.numbers > 0;
  }
  report.notes.push_back(absl::StrCat(ShowSize(preview.bytes), ", ", Plural(preview.lines, "line"),
                                      ", ", Plural(preview.points, "point")));
  session.Print(report);
  return all_found ? kExitOk : kExitTrialFailed;
}

std::string OutcomeName(const v1::BackfillMetricsResponse& done) {
  using Response = v1::BackfillMetricsResponse;
  return Response::Outcome_Name(done.outcome());
}

absl::StatusOr<int> Backfill(Session& session, const MetricsOptions& options) {
  // The same check as the server's, told before anything is sent.
  XP_RETURN_IF_ERROR(CompileMetricOptions(options.metrics).status());
  XP_ASSIGN_OR_RETURN(client::Client* const client, session.Connect());
  v1::BackfillMetricsRequest request;
  request.set_experiment(options.experiment);
  for (const std::string& trial : options.trials) request.add_trials(trial);
  XP_RETURN_IF_ERROR(AddDefinitions(options.metrics, request.mutable_definitions()));
  request.set_metrics_preset(options.metrics.preset);
  Progress progress(session.world());
  std::vector<v1::BackfillMetricsResponse> all;
  // Run twice it changes nothing: a cut stream is simply begun again.
  const absl::Status status = client->retrier().Run([&](bool* progressed) {
    all.clear();
    grpc::ClientContext context;
    const auto reader = client->stub<v1::Metrics>().BackfillMetrics(&context, request);
    v1::BackfillMetricsResponse done;
    while (reader->Read(&done)) {
      *progressed = true;
      progress.Show(absl::StrCat("reading logs ",
                                 Bar(done.attempts_done(), done.attempts_total(), 32), " ",
                                 done.attempts_done(), "/", done.attempts_total()));
      all.push_back(done);
    }
    return FromGrpcStatus(reader->Finish());
  });
  progress.Clear();
  XP_RETURN_IF_ERROR(status);
  Report report;
  report.table.columns = {{"trial"},
                          {"attempt", Align::kRight},
                          {"outcome"},
                          {"numbers", Align::kRight},
                          {"message", Align::kLeft, /*elastic=*/true}};
  report.json["attempts"] = nlohmann::ordered_json::array();
  for (const v1::BackfillMetricsResponse& done : all) {
    uint64_t numbers = 0;
    nlohmann::ordered_json definitions = nlohmann::ordered_json::array();
    for (const v1::DefinitionReceipt& definition : done.definitions()) {
      numbers += definition.numbers();
      definitions.push_back(DefinitionJson(definition));
    }
    report.table.rows.push_back({done.name(), absl::StrCat(done.attempt()), OutcomeName(done),
                                 absl::StrCat(numbers), done.message()});
    report.json["attempts"].push_back({{"name", done.name()},
                                       {"attempt", done.attempt()},
                                       {"outcome", OutcomeName(done)},
                                       {"message", done.message()},
                                       {"definitions", std::move(definitions)}});
    for (const std::string& advice : DefinitionAdvice(done.definitions())) {
      report.notes.push_back(done.name() + ": " + advice);
    }
  }
  session.Print(report);
  return kExitOk;
}

}  // namespace

void AddMetrics(CLI::App& app, Action* action) {
  CLI::App* const command =
      app.add_subcommand("metrics", "Try regular expressions on a log; add metrics after the fact");
  command->require_subcommand(1);
  auto options = std::make_shared<MetricsOptions>();
  CLI::App* const test = command->add_subcommand(
      "test", "What would be captured from a log; exit 1 when a definition finds no number");
  test->add_option("--log", options->log, "Log file on this machine")->required();
  DescribeMetricOptions(test, &options->metrics);
  test->callback([options, action] {
    *action = [options](Session& session) { return Test(session, *options); };
  });
  CLI::App* const backfill =
      command->add_subcommand("backfill", "Extract metrics from the stored logs of an experiment");
  backfill->add_option("E", options->experiment, "Experiment")->required();
  backfill->add_option("--trial", options->trials, "Only this trial (may be repeated)")
      ->allow_extra_args(false)
      ->take_all();
  DescribeMetricOptions(backfill, &options->metrics);
  backfill->callback([options, action] {
    *action = [options](Session& session) { return Backfill(session, *options); };
  });
}

}  // namespace xp::xpctl
