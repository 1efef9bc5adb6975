// xpctl export E --format csv|json: every column that there is, as SageMaker's frame has them.
#include <memory>
#include <ostream>

#include "client/cpp/client.h"
#include "client/cpp/paging.h"
#include "client/xpctl/commands/commands.h"
#include "client/xpctl/commands/compare_query.h"
#include "client/xpctl/exit_code.h"
#include "client/xpctl/export_frame.h"

namespace xp::xpctl {
namespace {

struct ExportOptions {
  std::string experiment;
  std::string format;
};

absl::Status AddInputs(client::Client& client, const std::string& experiment, FrameSource* source) {
  v1::ListTrialsRequest request;
  request.set_experiment(experiment);
  request.set_include_spec(true);
  return client::ForEachPage(client, &v1::Trials::Stub::ListTrials, request,
                             [&](const v1::ListTrialsResponse& page) {
                               for (const v1::Trial& trial : page.trials()) {
                                 const auto& inputs = trial.spec().inputs();
                                 source->inputs[trial.name()] = {inputs.begin(), inputs.end()};
                               }
                             });
}

absl::Status AddOutputs(client::Client& client, const std::string& experiment,
                        FrameSource* source) {
  v1::ListArtifactFoldersRequest request;
  request.set_experiment(experiment);
  return client::ForEachPage(client, &v1::Artifacts::Stub::ListArtifactFolders, request,
                             [&](const v1::ListArtifactFoldersResponse& page) {
                               for (const v1::ArtifactFolder& folder : page.folders()) {
                                 source->outputs[folder.trial()].push_back(folder);
                               }
                             });
}

absl::StatusOr<int> Export(Session& session, const ExportOptions& options) {
  XP_ASSIGN_OR_RETURN(client::Client* const client, session.Connect());
  v1::CompareTrialsRequest request;
  request.add_experiments(options.experiment);
  FrameSource source;
  XP_ASSIGN_OR_RETURN(source.comparison, QueryCompare(*client, request));
  XP_RETURN_IF_ERROR(AddInputs(*client, options.experiment, &source));
  XP_RETURN_IF_ERROR(AddOutputs(*client, options.experiment, &source));
  const Frame frame = MakeFrame(source);
  const bool json = options.format == "json" ||
                    (options.format.empty() && session.format() == OutputFormat::kJson);
  if (json) {
    *session.world().out << frame.records.dump(2, ' ', false,
                                               nlohmann::ordered_json::error_handler_t::replace)
                         << '\n';
  } else {
    *session.world().out << RenderCsv(frame.table);
  }
  return kExitOk;
}

}  // namespace

void AddExport(CLI::App& app, Action* action) {
  auto options = std::make_shared<ExportOptions>();
  CLI::App* const command = app.add_subcommand(
      "export", "Every column that there is, as SageMaker's ExperimentAnalytics frame has them");
  command->add_option("E", options->experiment, "Experiment")->required();
  command->add_option("--format", options->format, "csv (the default) or json")
      ->check(CLI::IsMember({"csv", "json"}));
  command->callback([options, action] {
    *action = [options](Session& session) { return Export(session, *options); };
  });
}

}  // namespace xp::xpctl
