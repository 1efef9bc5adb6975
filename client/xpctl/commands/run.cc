// xpctl run --experiment E -- CMD... and xpctl sync: a command here and now, tracked as by a worker
// of one; without a server it runs all the same and is delivered later.
#include <absl/strings/str_cat.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <ostream>
#include <thread>

#include "client/cpp/client.h"
#include "client/xpctl/commands/commands.h"
#include "client/xpctl/exit_code.h"
#include "client/xpctl/format.h"
#include "client/xpctl/metric_options.h"
#include "client/xpctl/run/deliver_run.h"
#include "client/xpctl/run/run_record.h"
#include "proto/resource_name.h"
#include "worker/capture/log_tail.h"
#include "worker/runner/runner_control.h"

extern char** environ;

namespace xp::xpctl {
namespace {

constexpr absl::Duration kStopGrace = absl::Seconds(30);
constexpr absl::Duration kDeliverPatience = absl::Seconds(20);  // after the command's end
constexpr size_t kEchoBytes = 256 * 1024;

struct Options {
  std::string experiment;
  std::string trial;
  MetricOptions metrics;
  std::vector<std::string> command;
};

absl::StatusOr<RunRecord> MakeRecord(Session& session, const Options& options) {
  const absl::Time now = session.world().now();
  const std::string stamp = absl::FormatTime("%Y%m%d-%H%M%S", now, absl::UTCTimeZone());
  RunRecord record;
  record.id = stamp + "-" + session.world().random_id().substr(0, 8);
  record.experiment = options.experiment;
  record.trial = options.trial.empty() ? "run-" + record.id : options.trial;
  XP_RETURN_IF_ERROR(CheckName("--experiment", record.experiment));
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
  XP_ASSIGN_OR_RETURN(const std::string runs, RunsFolder(session.world().getenv));
  record.folder = runs + "/" + record.id;
  std::error_code error;
  std::filesystem::create_directories(record.Attempt().path(), error);
  if (error) return absl::FailedPreconditionError(record.folder + ": " + error.message());
  XP_RETURN_IF_ERROR(SaveRun(record));
  return record;
}

absl::Status Start(const RunRecord& record) {
  runner::RunnerSpec spec;
  spec.argv = record.command;
  spec.working_dir = std::filesystem::current_path().string();
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    if (!text.starts_with("XP_") || text.starts_with("XP_SERVER=")) spec.env.emplace_back(text);
  }
  spec.env.push_back("XP_EXPERIMENT=" + record.experiment);
  spec.env.push_back("XP_TRIAL=" + record.trial);
  spec.env.push_back("XP_ATTEMPT=1");
  spec.env.push_back("XP_METRICS_FILE=" + record.MetricsFile());
  if (::getenv("PYTHONUNBUFFERED") == nullptr) spec.env.push_back("PYTHONUNBUFFERED=1");
  return runner::StartRunner(runner::DefaultRunnerBinary(), record.Attempt(), spec);
}

// Signals that people send are handed to the command, as its runner is a session of its own. They
// are blocked for the whole of xpctl and asked for where it would sleep.
class Signals {
 public:
  Signals() {
    sigemptyset(&set_);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set_, signal);
    pthread_sigmask(SIG_BLOCK, &set_, &before_);
  }
  ~Signals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  // Waits a tenth of a second; true when a signal came.
  bool WaitBriefly() const {
    const timespec tenth{0, 100'000'000};
    return ::sigtimedwait(&set_, nullptr, &tenth) > 0;
  }

 private:
  sigset_t set_{};
  sigset_t before_{};
};

// Copies the log to stdout until the command has ended.
absl::StatusOr<runner::RunnerState> Echo(Session& session, const RunRecord& record,
                                         const Signals& signals) {
  uint64_t offset = 0;
  int asked = 0;
  while (true) {
    XP_ASSIGN_OR_RETURN(const runner::RunnerState state, runner::Probe(record.Attempt()));
    while (true) {
      XP_ASSIGN_OR_RETURN(const capture::TailRead read,
                          capture::ReadTail(record.Attempt().LogFile(), offset, kEchoBytes));
      if (read.state != capture::TailState::kBytes) break;
      *session.world().out << read.bytes << std::flush;
      offset += read.bytes.size();
    }
    if (state.phase == runner::RunnerPhase::kExited ||
        state.phase == runner::RunnerPhase::kVanished) {
      return state;
    }
    if (signals.WaitBriefly()) {
      // A second signal means now.
      const absl::Duration grace = ++asked > 1 ? absl::ZeroDuration() : kStopGrace;
      XP_RETURN_IF_ERROR(runner::RequestStop(record.Attempt(), grace, "USER"));
    }
  }
}

DeliverOptions DeliverWith(Session& session, std::function<bool()> cancelled) {
  return {std::move(cancelled), session.world().retry.monotonic, session.world().now};
}

absl::Status DeliverPatiently(Session& session, client::Client& client, RunRecord* record,
                              const std::function<bool()>& cancelled) {
  client::RetryPolicy policy;
  policy.give_up_after = absl::Hours(24 * 7);
  client::RetryEnvironment environment = session.world().retry;
  environment.cancelled = cancelled;
  const DeliverOptions options = DeliverWith(session, cancelled);
  return client::Retrier(policy, environment).Run([&](bool*) {
    return DeliverRun(client, record, options);
  });
}

int CodeOf(const runner::RunnerState& state) {
  if (!state.exit) return kExitError;
  switch (state.exit->reason) {
    case runner::EndReason::kNotFound:
      return 127;
    case runner::EndReason::kStartFailed:
      return kExitError;
    default:
      return state.exit->signal != 0 ? 128 + state.exit->signal : state.exit->exit_code;
  }
}

// Brings every run that waits; those that cannot be brought are told and stay. False: some stay.
bool SyncAll(Session& session, client::Client& client, std::string_view except) {
  const absl::StatusOr<std::string> runs = RunsFolder(session.world().getenv);
  if (!runs.ok()) return true;
  bool all = true;
  for (const std::string& folder : PendingRuns(*runs)) {
    if (folder == except) continue;
    absl::StatusOr<RunRecord> record = LoadRun(folder);
    absl::Status status = record.status();
    if (record.ok()) {
      const auto state = runner::Probe(record->Attempt());
      if (state.ok() && state->phase == runner::RunnerPhase::kRunning) continue;  // its own xpctl
      status = DeliverRun(client, &*record, DeliverWith(session, nullptr));
      if (status.ok()) status = RemoveRun(*record);
    }
    if (status.ok()) {
      session.Say("delivered " + record->experiment + "/" + record->trial);
    } else {
      all = false;
      session.Say(absl::StrCat(folder, ": not delivered: ", status.message()));
    }
  }
  return all;
}

absl::StatusOr<int> Run(Session& session, const Options& options) {
  const Signals signals;  // before any thread is started
  XP_ASSIGN_OR_RETURN(const client::ServerAddress address, session.Address());
  XP_ASSIGN_OR_RETURN(RunRecord record, MakeRecord(session, options));
  const absl::StatusOr<client::Client*> client = session.Connect();
  if (!client.ok()) {
    session.Say(absl::StrCat("no server at ", address.shown,
                             ": the command runs all the same and is kept in ", record.folder,
                             "; xpctl sync delivers it"));
  }
  if (const absl::Status started = Start(record); !started.ok()) {
    RemoveRun(record).IgnoreError();
    return started;
  }
  const RunRecord kept = record;  // the delivering thread has its own
  const auto monotonic = session.world().retry.monotonic;
  std::atomic<int64_t> give_up_ms{INT64_MAX};
  absl::Status delivered = absl::UnavailableError("no server");
  std::thread delivery;
  if (client.ok()) {
    delivery = std::thread([&] {
      delivered = DeliverPatiently(session, **client, &record, [&] {
        return absl::ToInt64Milliseconds(monotonic()) > give_up_ms.load();
      });
    });
  }
  const absl::StatusOr<runner::RunnerState> state = Echo(session, kept, signals);
  give_up_ms = absl::ToInt64Milliseconds(monotonic() + kDeliverPatience);
  if (delivery.joinable()) delivery.join();
  if (!state.ok()) return state.status();
  if (delivered.ok()) {
    XP_RETURN_IF_ERROR(RemoveRun(record));
    SyncAll(session, **client, record.folder);
  } else if (client.ok()) {
    session.Say(absl::StrCat("not delivered: ", delivered.message(), "; it is kept in ",
                             record.folder, "; xpctl sync delivers it"));
  }
  return CodeOf(*state);
}

absl::StatusOr<int> Sync(Session& session) {
  XP_ASSIGN_OR_RETURN(client::Client* const client, session.Connect());
  return SyncAll(session, *client, "") ? kExitOk : kExitRefused;
}

}  // namespace

void AddRun(CLI::App& app, Action* action) {
  auto options = std::make_shared<Options>();
  CLI::App* const command = app.add_subcommand(
      "run", "Run a command here and now, tracked; exits with the command's code");
  command->add_option("--experiment,-e", options->experiment, "Experiment; made if it is new")
      ->required();
  command->add_option("--trial,-t", options->trial, "Its name (run-TIME-...)");
  DescribeMetricOptions(command, &options->metrics);
  command->add_option("CMD", options->command, "The command, after --")->required();
  command->callback([options, action] {
    *action = [options](Session& session) { return Run(session, *options); };
  });
}

void AddSync(CLI::App& app, Action* action) {
  CLI::App* const command =
      app.add_subcommand("sync", "Deliver runs that were made without a server");
  command->callback([action] { *action = Sync; });
}

}  // namespace xp::xpctl
