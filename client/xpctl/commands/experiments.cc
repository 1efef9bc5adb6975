// xpctl experiments: what there is.
#include <absl/strings/str_cat.h>

#include <memory>

#include "client/cpp/client.h"
#include "client/cpp/paging.h"
#include "client/xpctl/commands/commands.h"
#include "client/xpctl/exit_code.h"
#include "client/xpctl/format.h"

namespace xp::xpctl {
namespace {

struct ExperimentsOptions {
  std::string filter;
};

nlohmann::ordered_json ToJson(const v1::Experiment& experiment) {
  nlohmann::ordered_json json;
  json["name"] = experiment.name();
  json["uid"] = experiment.uid();
  json["description"] = experiment.description();
  json["rank_by"] = experiment.rank_by();
  json["tags"] = nlohmann::ordered_json::object();
  for (const auto& [key, value] : experiment.tags()) json["tags"][key] = value;
  json["notes"] = experiment.notes();
  json["create_time"] = JsonTime(experiment.create_time());
  json["trials"] = nlohmann::ordered_json::object();
  for (const v1::StateCount& count : experiment.trial_counts()) {
    json["trials"][StateName(count.state())] = count.count();
  }
  return json;
}

std::string CountsText(const v1::Experiment& experiment) {
  std::string text;
  for (const v1::StateCount& count : experiment.trial_counts()) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", count.count(), " ", StateName(count.state()));
  }
  return text.empty() ? "no trials" : text;
}

absl::StatusOr<int> ListExperiments(Session& session, const ExperimentsOptions& options) {
  XP_ASSIGN_OR_RETURN(client::Client* const client, session.Connect());
  Report report;
  report.table.columns = {
      {"experiment"}, {"trials"}, {"created"}, {"description", Align::kLeft, /*elastic=*/true}};
  report.json["experiments"] = nlohmann::ordered_json::array();
  v1::ListExperimentsRequest request;
  request.set_filter(options.filter);
  XP_RETURN_IF_ERROR(client::ForEachPage(
      *client, &v1::Experiments::Stub::ListExperiments, request,
      [&](const v1::ListExperimentsResponse& page) {
        for (const v1::Experiment& experiment : page.experiments()) {
          report.table.rows.push_back({experiment.name(), CountsText(experiment),
                                       TimeCell(experiment.create_time(), session.world().zone),
                                       experiment.description()});
          report.json["experiments"].push_back(ToJson(experiment));
        }
      }));
  if (report.table.rows.empty() && session.format() == OutputFormat::kTable) {
    session.Say(options.filter.empty() ? "no experiments yet; create one: xpctl submit FILE"
                                       : "no experiment fits " + options.filter);
    return kExitOk;
  }
  session.Print(report);
  return kExitOk;
}

}  // namespace

void AddExperiments(CLI::App& app, Action* action) {
  auto options = std::make_shared<ExperimentsOptions>();
  CLI::App* const command = app.add_subcommand("experiments", "List the experiments, newest first");
  command->add_option("--filter", options->filter, "e.g. 'tags.team = nlp'");
  command->callback([options, action] {
    *action = [options](Session& session) { return ListExperiments(session, *options); };
  });
}

}  // namespace xp::xpctl
