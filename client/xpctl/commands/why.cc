// xpctl why E/T: why it waits, where it runs, why it was restarted.
#include <absl/strings/str_cat.h>

#include <memory>
#include <ostream>

#include "client/cpp/client.h"
#include "client/xpctl/commands/commands.h"
#include "client/xpctl/exit_code.h"
#include "client/xpctl/format.h"

namespace xp::xpctl {
namespace {

Report WhyReport(const v1::ExplainTrialResponse& why, absl::TimeZone zone) {
  Report report;
  report.json["summary"] = why.summary();
  report.json["queue_position"] = why.queue_position();
  report.json["workers"] = nlohmann::ordered_json::array();
  for (const v1::WorkerExplanation& worker : why.workers()) {
    report.json["workers"].push_back(
        {{"worker", worker.worker()}, {"explanation", worker.explanation()}});
    report.notes.push_back("worker " + worker.worker() + ": " + worker.explanation());
  }
  report.table.columns = {{"time"},
                          {"attempt", Align::kRight},
                          {"state"},
                          {"what happened", Align::kLeft, /*elastic=*/true}};
  report.json["events"] = nlohmann::ordered_json::array();
  for (const v1::TrialEvent& event : why.events()) {
    report.table.rows.push_back({TimeCell(event.time(), zone),
                                 event.attempt() > 0 ? absl::StrCat(event.attempt()) : "",
                                 StateCell(StateName(event.state()), ""), event.message()});
    report.json["events"].push_back({{"time", JsonTime(event.time())},
                                     {"attempt", event.attempt()},
                                     {"state", StateName(event.state())},
                                     {"message", event.message()}});
  }
  return report;
}

absl::StatusOr<int> Why(Session& session, const std::string& name) {
  XP_ASSIGN_OR_RETURN(client::Client* const client, session.Connect());
  v1::ExplainTrialRequest request;
  request.set_name(name);
  XP_ASSIGN_OR_RETURN(const v1::ExplainTrialResponse why,
                      client->Call(&v1::Trials::Stub::ExplainTrial, request));
  if (session.format() == OutputFormat::kTable) {
    *session.world().out << Printable(why.summary()) << '\n';
    if (why.queue_position() > 0) {
      *session.world().out << "place in the queue: " << why.queue_position() << '\n';
    }
  }
  session.Print(WhyReport(why, session.world().zone));
  return kExitOk;
}

}  // namespace

void AddWhy(CLI::App& app, Action* action) {
  auto name = std::make_shared<std::string>();
  CLI::App* const command =
      app.add_subcommand("why", "Why a trial waits, where it runs, why it was restarted");
  command->add_option("E/T", *name, "Trial")->required();
  command->callback(
      [name, action] { *action = [name](Session& session) { return Why(session, *name); }; });
}

}  // namespace xp::xpctl
