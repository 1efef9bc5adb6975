// xpctl trials E: the trials of an experiment and how they stand.
#include <memory>

#include "client/cpp/client.h"
#include "client/cpp/paging.h"
#include "client/xpctl/commands/commands.h"
#include "client/xpctl/exit_code.h"
#include "client/xpctl/trial_report.h"

namespace xp::xpctl {
namespace {

struct TrialsOptions {
  std::string experiment;
  std::string filter;
};

absl::StatusOr<int> ListTrials(Session& session, const TrialsOptions& options) {
  XP_ASSIGN_OR_RETURN(client::Client* const client, session.Connect());
  v1::ListTrialsRequest request;
  request.set_experiment(options.experiment);
  request.set_filter(options.filter);
  std::vector<v1::Trial> trials;
  XP_RETURN_IF_ERROR(client::ForEachPage(*client, &v1::Trials::Stub::ListTrials, request,
                                         [&](v1::ListTrialsResponse page) {
                                           for (v1::Trial& trial : *page.mutable_trials()) {
                                             trials.push_back(std::move(trial));
                                           }
                                         }));
  if (trials.empty() && session.format() == OutputFormat::kTable) {
    session.Say(options.filter.empty() ? "no trials yet; create some: xpctl submit FILE"
                                       : "no trial fits " + options.filter);
    return kExitOk;
  }
  session.Print(TrialsReport(trials, session.world().now()));
  return kExitOk;
}

}  // namespace

void AddTrials(CLI::App& app, Action* action) {
  auto options = std::make_shared<TrialsOptions>();
  CLI::App* const command = app.add_subcommand("trials", "List the trials of an experiment");
  command->add_option("E", options->experiment, "Experiment; without one the trials of all");
  command->add_option("--filter", options->filter, "e.g. 'state = FAILED'");
  command->callback([options, action] {
    *action = [options](Session& session) { return ListTrials(session, *options); };
  });
}

}  // namespace xp::xpctl
