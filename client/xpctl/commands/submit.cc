// xpctl submit FILE [--wait]
#include <absl/strings/str_cat.h>

#include <memory>

#include "client/cpp/blob_upload.h"
#include "client/cpp/client.h"
#include "client/xpctl/commands/commands.h"
#include "client/xpctl/commands/compare_query.h"
#include "client/xpctl/compare_table.h"
#include "client/xpctl/exit_code.h"
#include "client/xpctl/format.h"
#include "client/xpctl/progress.h"
#include "client/xpctl/running_numbers.h"
#include "client/xpctl/spec/quantities.h"
#include "client/xpctl/spec/spec_file.h"
#include "client/xpctl/submit_request.h"
#include "client/xpctl/trial_watch.h"
#include "client/xpctl/wait_progress.h"

namespace xp::xpctl {
namespace {

struct SubmitOptions {
  std::string file;
  bool wait = false;
  bool check = false;
};

Report SubmittedReport(const v1::SubmitExperimentResponse& response) {
  Report report;
  const std::string& experiment = response.experiment().name();
  report.json["experiment"] = experiment;
  report.json["created_trials"] = response.created_trials();
  report.json["unchanged_trials"] = response.unchanged_trials();
  report.table.columns = {{"trial"}, {"submitted"}};
  for (const std::string& name : response.created_trials()) {
    report.table.rows.push_back({experiment + "/" + name, "created"});
  }
  for (const std::string& name : response.unchanged_trials()) {
    report.table.rows.push_back({experiment + "/" + name, "unchanged"});
  }
  return report;
}

absl::Status Upload(Session& session, client::Client& client, const SubmitPlan& plan) {
  Progress progress(session.world());
  client::TransferOptions options;
  options.progress = [&](const client::TransferProgress& at) {
    progress.ShowBytes("uploading", at.done_bytes, at.total_bytes);
  };
  XP_ASSIGN_OR_RETURN(const client::UploadResult sent,
                      client::UploadBlobs(client, plan.blobs, options));
  progress.Clear();
  if (sent.blobs_sent > 0) {
    session.Say(absl::StrCat("uploaded ", Plural(sent.blobs_sent, "file"), ", ",
                             ShowSize(sent.bytes_sent), " (", sent.blobs_there,
                             " were there already)"));
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::SubmitExperimentResponse> Send(Session& session, client::Client& client,
                                                  SubmitPlan* plan) {
  // What the server refuses anyhow is known before gigabytes are sent. FAILED_PRECONDITION is what
  // missing blobs give.
  plan->request.set_validate_only(true);
  const auto checked = client.Call(&v1::Experiments::Stub::SubmitExperiment, plan->request);
  if (!checked.ok() && !absl::IsFailedPrecondition(checked.status())) return checked.status();
  plan->request.set_validate_only(false);
  XP_RETURN_IF_ERROR(Upload(session, client, *plan));
  plan->request.set_request_id(session.world().random_id());
  return client.Call(&v1::Experiments::Stub::SubmitExperiment, plan->request);
}

absl::StatusOr<int> Wait(Session& session, client::Client& client, const SpecFile& spec) {
  TrialWatchOptions watch;
  watch.experiment = spec.experiment;
  for (const SpecTrial& trial : spec.trials) watch.trials.push_back(trial.name);
  watch.growth = TrialWatchOptions::Growth::kReport;
  World& world = session.world();
  WaitProgress progress(world, spec.experiment, watch.trials);
  RunningNumbers numbers(client, spec.experiment, watch.trials, world.now());
  session.Say("waiting for " + Plural(spec.trials.size(), "trial") +
              " (Ctrl-C ends the waiting, not the trials)");
  XP_RETURN_IF_ERROR(WatchUntilEnded(
      client, watch,
      [&](const auto& changes) {
        progress.Update(changes);
        for (const auto& line : numbers.News(world.now())) {
          progress.Numbers(line.trial, line.numbers);
        }
      },
      [&] { progress.Interrupted(); }));
  progress.Done();
  v1::CompareTrialsRequest request;
  request.add_experiments(spec.experiment);
  XP_ASSIGN_OR_RETURN(const v1::CompareTrialsResponse table, QueryCompare(client, request));
  session.Print(MakeCompareReport(table, {}));
  const std::vector<std::string> failed = progress.NotCompleted();
  for (const std::string& line : failed) session.Say(line);
  return failed.empty() ? kExitOk : kExitTrialFailed;
}

absl::StatusOr<int> Submit(Session& session, const SubmitOptions& options) {
  XP_ASSIGN_OR_RETURN(const SpecFile spec, ReadSpecFile(options.file, *session.world().in));
  if (options.check) {
    Report report;
    report.table.columns = {{"trial"}};
    report.json["experiment"] = spec.experiment;
    for (const SpecTrial& trial : spec.trials) {
      report.table.rows.push_back({spec.experiment + "/" + trial.name});
      report.json["trials"].push_back(trial.name);
    }
    session.Print(report);
    return kExitOk;
  }
  XP_ASSIGN_OR_RETURN(client::Client* const client, session.Connect());
  Progress hashing(session.world());
  XP_ASSIGN_OR_RETURN(SubmitPlan plan, MakeSubmitPlan(spec, [&](const std::string& path) {
                        hashing.Show("reading " + path);
                      }));
  hashing.Clear();
  for (const std::string& warning : plan.warnings) session.Say("warning: " + warning);
  auto response = Send(session, *client, &plan);
  if (!response.ok()) return Annotate(response.status(), options.file + ": nothing was created");
  if (options.wait) {
    session.Say(
        absl::StrCat("submitted ", spec.experiment, ": ",
                     Plural(static_cast<uint64_t>(response->created_trials_size()), "trial"),
                     " created, ", response->unchanged_trials_size(), " unchanged"));
    return Wait(session, *client, spec);
  }
  session.Print(SubmittedReport(*response));
  if (session.format() == OutputFormat::kTable) {
    session.Say("next: xpctl watch " + spec.experiment + "   or   xpctl compare " +
                spec.experiment);
  }
  return kExitOk;
}

}  // namespace

void AddSubmit(CLI::App& app, Action* action) {
  auto options = std::make_shared<SubmitOptions>();
  CLI::App* const command =
      app.add_subcommand("submit", "Create an experiment from a spec file and queue its trials");
  command->add_option("FILE", options->file, "Spec file (docs/spec-file.md); - reads stdin")
      ->required();
  command->add_flag("--wait", options->wait,
                    "Show progress, end with the compare table; exit 1 unless all completed");
  command->add_flag("--check", options->check,
                    "Only check the file and list its trials; needs no server");
  command->callback([options, action] {
    *action = [options](Session& session) { return Submit(session, *options); };
  });
}

}  // namespace xp::xpctl
