// xpctl sync: brings what `xpctl run` could not deliver when it ran.
#include "client/xpctl/commands/commands.h"
#include "client/xpctl/exit_code.h"
#include "client/xpctl/run/deliver_run.h"
#include "client/xpctl/run/run_record.h"
#include "client/xpctl/run/signals.h"
#include "proto/status.h"

namespace xp::xpctl {
namespace {

absl::StatusOr<int> Sync(Session& session) {
  const Signals signals;  // before any thread is started
  const absl::StatusOr<std::string> runs = RunsFolder(session.world().getenv);
  if (!runs.ok() || PendingRuns(*runs).empty()) {
    session.Say("nothing waits to be delivered");
    return kExitOk;
  }
  XP_ASSIGN_OR_RETURN(client::Client* const client, session.Connect());
  return DeliverPending(session, *client, signals, "") ? kExitOk : kExitRefused;
}

}  // namespace

void AddSync(CLI::App& app, Action* action) {
  CLI::App* const command =
      app.add_subcommand("sync", "Deliver runs that were made without a server");
  command->callback([action] { *action = Sync; });
}

}  // namespace xp::xpctl
