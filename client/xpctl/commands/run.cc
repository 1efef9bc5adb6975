// xpctl run --experiment E -- CMD...: a command here and now, tracked as by a worker of one;
// without a server it runs all the same and is delivered later.
#include <absl/strings/str_cat.h>
#include <absl/time/time.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "client/cpp/client.h"
#include "client/cpp/file_manifest.h"
#include "client/cpp/system_error.h"
#include "client/xpctl/commands/commands.h"
#include "client/xpctl/exit_code.h"
#include "client/xpctl/metric_options.h"
#include "client/xpctl/run/begin_run.h"
#include "client/xpctl/run/deliver_run.h"
#include "client/xpctl/run/run_record.h"
#include "client/xpctl/run/signals.h"
#include "client/xpctl/run/tracker.h"
#include "client/xpctl/source/git_state.h"
#include "proto/resource_name.h"
#include "proto/status.h"
#include "worker/capture/log_tail.h"
#include "worker/runner/file_io.h"
#include "worker/runner/runner_control.h"

namespace xp::xpctl {
namespace {

constexpr absl::Duration kEchoEvery = absl::Milliseconds(100);
constexpr absl::Duration kStopGrace = absl::Seconds(30);
constexpr int kMoreWords = 1 << 20;  // than a command has
constexpr size_t kEchoBytes = 256 * 1024;

struct RunOptions {
  std::string experiment;
  std::string trial;
  MetricOptions metrics;
  std::vector<std::string> command;
};

absl::Status NoteSource(RunRecord* record) {
  const GitState git = ReadGitState(std::filesystem::current_path().string());
  record->git_commit = git.commit;
  if (git.diff.empty()) return absl::OkStatus();
  record->git_diff_sha256 = client::BlobOfBytes(git.diff).sha256;
  return runner::WriteFileDurably(record->DiffFile(), git.diff);
}

absl::StatusOr<RunRecord> MakeRecord(Session& session, const RunOptions& options) {
  const absl::Time now = session.world().now();
  const std::string stamp = absl::FormatTime("%Y%m%d-%H%M%S", now, absl::UTCTimeZone());
  RunRecord record;
  record.id = stamp + "-" + session.world().random_id().substr(0, 8);
  record.experiment = options.experiment;
  record.trial = options.trial.empty() ? "run-" + record.id : options.trial;
  XP_RETURN_IF_ERROR(CheckName("--experiment", record.experiment));
  if (options.command.front().empty()) return absl::InvalidArgumentError("CMD is an empty word");
  XP_RETURN_IF_ERROR(CheckName("--trial", record.trial));
  if (!options.metrics.metrics.empty() || !options.metrics.preset.empty()) {
    XP_RETURN_IF_ERROR(CompileMetricOptions(options.metrics).status());
  }
  google::protobuf::RepeatedPtrField<v1::MetricDefinition> definitions;
  XP_RETURN_IF_ERROR(AddDefinitions(options.metrics, &definitions));
  for (const v1::MetricDefinition& definition : definitions) {
    record.metrics.push_back({definition.name(), definition.regex(), ""});
  }
  record.preset = options.metrics.preset;
  record.command = options.command;
  record.start_time_ms = absl::ToUnixMillis(now);
  XP_ASSIGN_OR_RETURN(record.starter, RunStarter::ThisProcess());
  XP_ASSIGN_OR_RETURN(const std::string runs, RunsFolder(session.world().getenv));
  record.folder = runs + "/" + record.id;
  std::error_code error;
  std::filesystem::create_directories(record.Attempt().path(), error);
  if (error) return client::SystemError(error.value(), record.folder);
  XP_RETURN_IF_ERROR(NoteSource(&record));
  XP_RETURN_IF_ERROR(SaveRun(record));
  return record;
}

// Copies `bytes` to stdout. False, with a word on stderr, where it takes none: that is forgotten
// then, as a run exits with its command's code and keeps the log anyhow.
bool EchoBytes(Session& session, const RunRecord& record, std::string_view bytes) {
  std::ostream& out = *session.world().out;
  out << bytes << std::flush;
  if (out.good()) return true;
  out.clear();
  session.Say("stdout cannot be written; " + record.FullName() + " goes on and keeps its log");
  return false;
}

// Copies the log to stdout until the command has ended; a signal is handed to the command, whose
// runner is a session of its own.
absl::StatusOr<runner::RunnerState> Echo(Session& session, const RunRecord& record,
                                         const Signals& signals) {
  uint64_t offset = 0;
  int asked = 0;
  bool echoes = true;
  while (true) {
    XP_ASSIGN_OR_RETURN(const runner::RunnerState state, runner::Probe(record.Attempt()));
    while (echoes) {
      XP_ASSIGN_OR_RETURN(const capture::TailRead read,
                          capture::ReadTail(record.Attempt().LogFile(), offset, kEchoBytes));
      if (read.state != capture::TailState::kBytes) break;
      echoes = EchoBytes(session, record, read.bytes);
      offset += read.bytes.size();
    }
    if (state.phase == runner::RunnerPhase::kExited ||
        state.phase == runner::RunnerPhase::kVanished) {
      return state;
    }
    if (signals.Wait(kEchoEvery)) {
      // A second signal means now.
      const absl::Duration grace = ++asked > 1 ? absl::ZeroDuration() : kStopGrace;
      XP_RETURN_IF_ERROR(runner::RequestStop(record.Attempt(), grace, "USER"));
    }
  }
}

int CodeOf(const runner::RunnerState& state) {
  if (!state.exit) return kExitError;
  switch (state.exit->reason) {
    case runner::EndReason::kNotFound:
      return 127;
    case runner::EndReason::kStartFailed:
    case runner::EndReason::kCalledOff:
      return kExitError;
    default:
      return state.exit->signal != 0 ? 128 + state.exit->signal : state.exit->exit_code;
  }
}

// The trial is wrong, or its name is taken: that is better known before hours of training.
bool IsRefusal(const absl::Status& status) {
  return absl::IsInvalidArgument(status) || absl::IsAlreadyExists(status) ||
         absl::IsPermissionDenied(status) || absl::IsUnauthenticated(status);
}

// Creates its trial where that can be done now; null: later. An error: it is refused, and nothing
// of it is left.
absl::StatusOr<client::Client*> SubmitNow(Session& session, const RunRecord& record,
                                          const std::string& server) {
  const absl::StatusOr<client::Client*> client = session.Connect();
  const absl::Status submitted = client.ok() ? SubmitRun(**client, record) : client.status();
  if (submitted.ok()) return *client;
  if (IsRefusal(submitted)) {
    RemoveRun(record).IgnoreError();
    return submitted;
  }
  const std::string why =
      client.ok() ? absl::StrCat("the server cannot take it now (", submitted.message(), ")")
                  : absl::StrCat("no server at ", server);
  session.Say(absl::StrCat(why, ": the command runs all the same and ", KeptWords(record)));
  return nullptr;
}

// Starts the command. An error: it has not begun and never will, and nothing of it is left, nor at
// the server (null: it is not there); or, as the error says, that cannot be known.
absl::Status Begin(const RunRecord& record, const std::string& server, absl::Time now,
                   client::Client* client, const Signals& signals) {
  const absl::Status begun = BeginRun(record, server);
  if (begun.ok()) return begun;
  const absl::StatusOr<bool> all_the_same = HasBegunOrCallOff(record, begun, now, signals);
  if (!all_the_same.ok()) {
    return Annotate(
        begun, absl::StrCat("it may run all the same (", all_the_same.status().message(), ") and ",
                            KeptWords(record)));
  }
  if (*all_the_same) return absl::OkStatus();
  v1::DeleteTrialRequest request;
  request.set_name(record.FullName());
  request.set_force(true);
  if (client != nullptr) client->Call(&v1::Trials::Stub::DeleteTrial, request).IgnoreError();
  RemoveRun(record).IgnoreError();
  return begun;
}

std::optional<Tracker> BeginTracking(Session& session, const RunRecord& record,
                                     const std::string& server) {
  absl::StatusOr<Tracker> tracker = Tracker::Start(record, server);
  if (tracker.ok()) return *std::move(tracker);
  session.Say(
      absl::StrCat("it is not tracked: ", tracker.status().message(), "; it ", KeptWords(record)));
  return std::nullopt;
}

void FinishDelivery(Session& session, client::Client& client, const RunRecord& record,
                    const Signals& signals, Tracker& tracker) {
  const absl::StatusOr<Delivery> delivery =
      AwaitDelivery(session, client, record, signals, tracker);
  if (!delivery.ok()) {
    session.Say(
        absl::StrCat("not delivered: ", delivery.status().message(), "; it ", KeptWords(record)));
  } else if (*delivery == Delivery::kUnwanted) {
    session.Say(absl::StrCat(record.FullName(), ": ", UnwantedWords(record)));
  } else {
    DeliverPending(session, client, signals, record.folder);
  }
}

absl::StatusOr<int> Run(Session& session, const RunOptions& options) {
  const Signals signals;  // before any thread is started
  XP_ASSIGN_OR_RETURN(const client::ServerAddress address, session.Address());
  XP_ASSIGN_OR_RETURN(const RunRecord record, MakeRecord(session, options));
  XP_ASSIGN_OR_RETURN(client::Client* const client, SubmitNow(session, record, address.shown));
  XP_RETURN_IF_ERROR(Begin(record, address.shown, session.world().now(), client, signals));
  std::optional<Tracker> tracker;
  if (client != nullptr) tracker = BeginTracking(session, record, address.shown);
  XP_ASSIGN_OR_RETURN(const runner::RunnerState state, Echo(session, record, signals));
  if (state.exit && (state.exit->reason == runner::EndReason::kNotFound ||
                     state.exit->reason == runner::EndReason::kCalledOff)) {
    session.Say(absl::StrCat("xpctl run: ", state.exit->message));
  }
  if (tracker) FinishDelivery(session, *client, record, signals, *tracker);
  return CodeOf(state);
}

}  // namespace

void AddRun(CLI::App& app, Action* action) {
  auto options = std::make_shared<RunOptions>();
  CLI::App* const command = app.add_subcommand(
      "run", "Run a command here and now, tracked; its stdin is empty; exits with its code");
  command->add_option("--experiment,-e", options->experiment, "Experiment; made if it is new")
      ->required();
  command->add_option("--trial,-t", options->trial, "Its name (run-TIME-...)");
  DescribeMetricOptions(command, &options->metrics);
  // CLI11 takes a word like "[64, 32]" for a list of words, unless it waits for more of them.
  command->add_option("CMD", options->command, "The command, after --")
      ->take_all()
      ->expected(kMoreWords, -1)
      ->allow_extra_args(false)
      ->required();
  command->callback([options, action] {
    *action = [options](Session& session) { return Run(session, *options); };
  });
}

}  // namespace xp::xpctl
