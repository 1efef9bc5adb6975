// xpctl watch E: how the trials stand and their newest numbers, until all have ended.
#include <absl/strings/str_cat.h>

#include <memory>

#include "client/cpp/client.h"
#include "client/xpctl/commands/commands.h"
#include "client/xpctl/commands/compare_query.h"
#include "client/xpctl/commands/live_view.h"
#include "client/xpctl/compare_json.h"
#include "client/xpctl/exit_code.h"
#include "client/xpctl/format.h"

namespace xp::xpctl {
namespace {

Report WatchReport(const v1::CompareTrialsResponse& table, absl::Time now) {
  Report report;
  report.json = CompareJson(table, "last");
  report.table.columns = {{"trial"}, {"state"}, {"worker"}, {"duration", Align::kRight}};
  for (const v1::CompareColumn& column : table.columns()) {
    report.table.columns.push_back({column.metric() + " last", Align::kRight});
  }
  for (const v1::CompareRow& row : table.rows()) {
    const bool waits = row.state() == "QUEUED";
    std::vector<Cell> cells{row.trial(), StateCell(row.state(), row.reason()),
                            waits ? "" : row.worker(),
                            waits ? Cell() : ElapsedCell(row.start_time(), row.end_time(), now)};
    for (const v1::CompareCell& cell : row.cells()) {
      const v1::Summary& summary = cell.summary();
      if (!cell.present() || summary.count() == 0) {
        cells.emplace_back("-");
        cells.back().raw = "";
        continue;
      }
      cells.emplace_back(absl::StrCat(ShortNumber(summary.last()), " (", summary.count(), ")"));
      cells.back().raw = ExactNumber(summary.last());
    }
    report.table.rows.push_back(std::move(cells));
  }
  return report;
}

absl::StatusOr<int> Watch(Session& session, const std::string& experiment) {
  XP_ASSIGN_OR_RETURN(client::Client* const client, session.Connect());
  v1::CompareTrialsRequest request;
  request.add_experiments(experiment);
  request.set_stat("last");
  request.set_order_by("create_time");
  LiveView view(session);
  XP_RETURN_IF_ERROR(view.Run(*client, {experiment}, [&](LiveView* live) -> absl::Status {
    XP_ASSIGN_OR_RETURN(const v1::CompareTrialsResponse table, QueryCompare(*client, request));
    live->Print(WatchReport(table, session.world().now()));
    return absl::OkStatus();
  }));
  return kExitOk;
}

}  // namespace

void AddWatch(CLI::App& app, Action* action) {
  auto experiment = std::make_shared<std::string>();
  CLI::App* const command = app.add_subcommand(
      "watch", "States and newest numbers as they change, until all trials have ended");
  command->add_option("E", *experiment, "Experiment")->required();
  command->callback([experiment, action] {
    *action = [experiment](Session& session) { return Watch(session, *experiment); };
  });
}

}  // namespace xp::xpctl
