// xpctl compare E... : which one should I use?
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>

#include <algorithm>
#include <memory>
#include <ostream>

#include "client/cpp/client.h"
#include "client/xpctl/commands/commands.h"
#include "client/xpctl/commands/compare_query.h"
#include "client/xpctl/commands/live_view.h"
#include "client/xpctl/compare_table.h"
#include "client/xpctl/exit_code.h"

namespace xp::xpctl {
namespace {

struct CompareOptions {
  std::vector<std::string> experiments;
  std::vector<std::string> metrics;
  std::vector<std::string> stats;
  std::vector<std::string> lower;
  std::vector<std::string> higher;
  std::string group_by;
  std::string filter;
  std::string sort;
  bool params = false;
  bool all_attempts = false;
  bool watch = false;
};

absl::StatusOr<CompareLayout> LayoutOf(const CompareOptions& options) {
  CompareLayout layout;
  std::vector<std::string> stats;
  for (const std::string& list : options.stats) {
    for (const auto& part : absl::StrSplit(list, ',', absl::SkipWhitespace())) {
      stats.emplace_back(part);
    }
  }
  for (const std::string& stat : stats) {
    const auto& names = StatNames();
    if (std::find(names.begin(), names.end(), stat) == names.end()) {
      return absl::InvalidArgumentError("--stat: \"" + stat + "\" is no statistic; there are " +
                                        absl::StrJoin(names, ", "));
    }
  }
  if (!stats.empty()) layout.stats = stats;
  if (options.params) layout.params = CompareLayout::Params::kDiffering;
  return layout;
}

v1::CompareTrialsRequest RequestOf(const CompareOptions& options, const CompareLayout& layout) {
  v1::CompareTrialsRequest request;
  for (const std::string& name : options.experiments) request.add_experiments(name);
  for (const std::string& metric : options.metrics) request.add_metrics(metric);
  for (const std::string& metric : options.lower) request.add_lower_is_better(metric);
  for (const std::string& metric : options.higher) request.add_higher_is_better(metric);
  request.set_filter(options.filter);
  request.set_group_by(options.group_by);
  request.set_order_by(options.sort);
  request.set_stat(layout.stats.front());
  if (options.all_attempts) request.set_attempts(v1::ATTEMPT_VIEW_ALL);
  return request;
}

absl::StatusOr<int> Compare(Session& session, const CompareOptions& options) {
  XP_ASSIGN_OR_RETURN(const CompareLayout layout, LayoutOf(options));
  XP_ASSIGN_OR_RETURN(client::Client* const client, session.Connect());
  const v1::CompareTrialsRequest request = RequestOf(options, layout);
  if (!options.watch) {
    XP_ASSIGN_OR_RETURN(const v1::CompareTrialsResponse table, QueryCompare(*client, request));
    if (table.rows().empty() && session.format() == OutputFormat::kTable) {
      session.Say(options.filter.empty() ? "no trials yet; create some: xpctl submit FILE"
                                         : "no trial fits " + options.filter);
      return kExitOk;
    }
    session.Print(MakeCompareReport(table, layout));
    return kExitOk;
  }
  LiveView live(session);
  XP_RETURN_IF_ERROR(live.Run(*client, options.experiments, [&](LiveView* view) -> absl::Status {
    XP_ASSIGN_OR_RETURN(const v1::CompareTrialsResponse table, QueryCompare(*client, request));
    view->Print(MakeCompareReport(table, layout));
    return absl::OkStatus();
  }));
  return kExitOk;
}

}  // namespace

void AddCompare(CLI::App& app, Action* action) {
  auto options = std::make_shared<CompareOptions>();
  CLI::App* const command =
      app.add_subcommand("compare", "The averaged metrics of every trial, side by side");
  command->add_option("E", options->experiments, "Experiments")->required();
  const auto repeated = [&](const char* name, std::vector<std::string>* values, const char* help) {
    command->add_option(name, *values, help)->allow_extra_args(false)->take_all();
  };
  repeated("--metric,-m", &options->metrics, "Only this metric (may be repeated)");
  repeated("--stat,-s", &options->stats,
           "Statistics: avg,last,min,max,first,stddev,count; the first one ranks (avg)");
  repeated("--lower", &options->lower, "For this metric lower is better");
  repeated("--higher", &options->higher, "For this metric higher is better");
  command->add_option("--group-by", options->group_by,
                      "One row per value of this parameter: the mean of its trials");
  command->add_option("--filter", options->filter,
                      "Only these trials, e.g. 'state = COMPLETED AND params.epochs > 2'");
  command->add_option("--sort", options->sort, "[-]metric, metric:stat, name, state, params.KEY");
  command->add_flag("--params", options->params,
                    "Also the parameters that are not the same for all");
  command->add_flag("--all-attempts", options->all_attempts, "A row for every attempt");
  command->add_flag("--watch", options->watch, "Show it again as it changes, until all have ended");
  command->callback([options, action] {
    *action = [options](Session& session) { return Compare(session, *options); };
  });
}

}  // namespace xp::xpctl
