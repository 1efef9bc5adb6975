// xpctl show E/T: everything about a trial, with the proof behind its numbers.
#include <absl/strings/str_cat.h>

#include <memory>

#include "client/cpp/client.h"
#include "client/xpctl/commands/commands.h"
#include "client/xpctl/exit_code.h"
#include "client/xpctl/receipt_report.h"
#include "client/xpctl/trial_report.h"

namespace xp::xpctl {
namespace {

absl::StatusOr<int> Show(Session& session, const std::string& name) {
  XP_ASSIGN_OR_RETURN(client::Client* const client, session.Connect());
  v1::GetTrialRequest request;
  request.set_name(name);
  XP_ASSIGN_OR_RETURN(const v1::Trial trial, client->Call(&v1::Trials::Stub::GetTrial, request));
  Report report = TrialReport(trial, session.world().zone, session.world().now());
  if (trial.attempt() > 0) {
    v1::GetReceiptRequest receipt_request;
    receipt_request.set_name(name);
    const auto receipt = client->Call(&v1::Metrics::Stub::GetReceipt, receipt_request);
    if (receipt.ok()) {
      AddReceipt(*receipt, &report);
    } else if (!absl::IsNotFound(receipt.status())) {
      return receipt.status();
    }
  }
  if (!trial.log_tail().empty()) {
    report.notes.push_back("");
    report.notes.push_back("the log's last lines:");
    std::string_view tail = trial.log_tail();
    while (!tail.empty()) {
      const size_t end = std::min(tail.find('\n'), tail.size());
      report.notes.push_back("  " + std::string(tail.substr(0, end)));
      tail.remove_prefix(std::min(end + 1, tail.size()));
    }
  }
  session.Print(report);
  return kExitOk;
}

}  // namespace

void AddShow(CLI::App& app, Action* action) {
  auto name = std::make_shared<std::string>();
  CLI::App* const command =
      app.add_subcommand("show", "Everything about a trial, with what was captured from its log");
  command->add_option("E/T", *name, "Trial")->required();
  command->callback(
      [name, action] { *action = [name](Session& session) { return Show(session, *name); }; });
}

}  // namespace xp::xpctl
