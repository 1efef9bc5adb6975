// xpctl stop E/T... : SIGTERM, the grace, then SIGKILL; a queued trial at once.
#include <memory>

#include "client/cpp/client.h"
#include "client/xpctl/commands/commands.h"
#include "client/xpctl/exit_code.h"
#include "client/xpctl/trial_report.h"

namespace xp::xpctl {
namespace {

absl::StatusOr<int> Stop(Session& session, const std::vector<std::string>& names) {
  XP_ASSIGN_OR_RETURN(client::Client* const client, session.Connect());
  std::vector<v1::Trial> trials;
  absl::Status first_error;
  for (const std::string& name : names) {
    v1::StopTrialRequest request;
    request.set_name(name);
    absl::StatusOr<v1::Trial> trial = client->Call(&v1::Trials::Stub::StopTrial, request);
    if (trial.ok()) {
      trials.push_back(*std::move(trial));
      continue;
    }
    if (names.size() == 1) return trial.status();
    session.Say("xpctl: " + std::string(trial.status().message()));
    first_error.Update(trial.status());
  }
  if (!trials.empty()) session.Print(TrialsReport(trials, session.world().now()));
  return ExitCodeOf(first_error);
}

}  // namespace

void AddStop(CLI::App& app, Action* action) {
  auto names = std::make_shared<std::vector<std::string>>();
  CLI::App* const command = app.add_subcommand("stop", "Ask trials to end");
  command->add_option("E/T", *names, "Trials")->required();
  command->callback(
      [names, action] { *action = [names](Session& session) { return Stop(session, *names); }; });
}

}  // namespace xp::xpctl
