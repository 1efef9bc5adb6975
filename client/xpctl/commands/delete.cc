// xpctl delete E[/T] [--force]: removes ended trials with all that they left.
#include <memory>

#include "client/cpp/client.h"
#include "client/xpctl/commands/commands.h"
#include "client/xpctl/exit_code.h"

namespace xp::xpctl {
namespace {

struct DeleteOptions {
  std::string name;
  bool force = false;
};

absl::StatusOr<int> Delete(Session& session, const DeleteOptions& options) {
  XP_ASSIGN_OR_RETURN(client::Client* const client, session.Connect());
  if (options.name.find('/') != options.name.npos) {
    v1::DeleteTrialRequest request;
    request.set_name(options.name);
    request.set_force(options.force);
    XP_RETURN_IF_ERROR(client->Call(&v1::Trials::Stub::DeleteTrial, request).status());
  } else {
    v1::DeleteExperimentRequest request;
    request.set_name(options.name);
    request.set_force(options.force);
    XP_RETURN_IF_ERROR(client->Call(&v1::Experiments::Stub::DeleteExperiment, request).status());
  }
  Report report;
  report.json["deleted"] = options.name;
  report.table.columns = {{"deleted"}};
  report.table.rows.push_back({options.name});
  session.Print(report);
  return kExitOk;
}

}  // namespace

void AddDelete(CLI::App& app, Action* action) {
  auto options = std::make_shared<DeleteOptions>();
  CLI::App* const command =
      app.add_subcommand("delete", "Delete an experiment or a trial, with its logs and points");
  command->add_option("E[/T]", options->name, "Experiment or trial")->required();
  command->add_flag("--force", options->force, "Stop first what still runs");
  command->callback([options, action] {
    *action = [options](Session& session) { return Delete(session, *options); };
  });
}

}  // namespace xp::xpctl
