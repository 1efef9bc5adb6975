// xpctl retry E/T: queues a failed or stopped trial again, as its next attempt.
#include <memory>

#include "client/cpp/client.h"
#include "client/xpctl/commands/commands.h"
#include "client/xpctl/exit_code.h"
#include "client/xpctl/trial_report.h"

namespace xp::xpctl {
namespace {

absl::StatusOr<int> Retry(Session& session, const std::string& name) {
  XP_ASSIGN_OR_RETURN(client::Client* const client, session.Connect());
  v1::RetryTrialRequest request;
  request.set_name(name);
  request.set_request_id(session.world().random_id());
  XP_ASSIGN_OR_RETURN(const v1::Trial trial, client->Call(&v1::Trials::Stub::RetryTrial, request));
  session.Print(TrialsReport({trial}, session.world().now()));
  return kExitOk;
}

}  // namespace

void AddRetry(CLI::App& app, Action* action) {
  auto name = std::make_shared<std::string>();
  CLI::App* const command = app.add_subcommand("retry", "Queue a failed or stopped trial again");
  command->add_option("E/T", *name, "Trial")->required();
  command->callback(
      [name, action] { *action = [name](Session& session) { return Retry(session, *name); }; });
}

}  // namespace xp::xpctl
