#include "client/xpctl/run/deliver_run.h"

#include <absl/strings/str_cat.h>
#include <absl/time/time.h>
#include <sys/stat.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "client/cpp/blob_upload.h"
#include "client/xpctl/format.h"
#include "client/xpctl/run/run_request.h"
#include "proto/status.h"
#include "worker/runner/file_io.h"
#include "worker/runner/runner_control.h"

namespace xp::xpctl {
namespace {

constexpr absl::Duration kLook = absl::Milliseconds(100);
constexpr absl::Duration kSayAfter = absl::Seconds(2);     // of waiting in silence
constexpr absl::Duration kServerAway = absl::Seconds(20);  // without a connection: for another time

bool Exists(const std::string& path) {
  struct stat info;
  return ::stat(path.c_str(), &info) == 0;
}

// The message of the last line in its log (proto/log_setup.h), or the line.
std::string LastWords(const std::string& log) {
  std::string text = runner::ReadSmallFile(log).value_or("");
  while (text.ends_with('\n')) text.pop_back();
  const std::string line = text.substr(text.rfind('\n') + 1);
  const auto json = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("message") || !json["message"].is_string()) return line;
  return json["message"].get<std::string>();
}

// OK: the server has no use for what is not confirmed yet.
absl::Status IsUnwanted(client::Client& client, const RunRecord& record) {
  v1::GetTrialRequest request;
  request.set_name(record.FullName());
  const absl::StatusOr<v1::Trial> trial = client.Call(&v1::Trials::Stub::GetTrial, request);
  if (absl::IsNotFound(trial.status())) return absl::OkStatus();
  if (!trial.ok()) return trial.status();
  if (HasEnded(trial->state())) return absl::OkStatus();
  return absl::InternalError("xpworker left before the server had all of it");
}

absl::Status OutcomeOf(client::Client& client, const RunRecord& record, int code) {
  if (Exists(record.Attempt().ConfirmedFile())) return RemoveRun(record);
  if (code != 0) return absl::InternalError("xpworker: " + LastWords(record.WorkerLog()));
  XP_RETURN_IF_ERROR(IsUnwanted(client, record));
  XP_RETURN_IF_ERROR(DropRun(record));
  return absl::FailedPreconditionError(
      "the server does not want it any more (its trial was deleted or given up); its files stay "
      "in " +
      record.folder);
}

// Of one that may be going on, being delivered, or damaged.
absl::Status DeliverOne(Session& session, client::Client& client, const Signals& signals,
                        const std::string& folder, std::string* name) {
  XP_ASSIGN_OR_RETURN(const RunRecord record, LoadRun(folder));
  *name = record.FullName();
  XP_ASSIGN_OR_RETURN(const runner::RunnerState state, runner::Probe(record.Attempt()));
  switch (state.phase) {
    case runner::RunnerPhase::kRunning:
    case runner::RunnerPhase::kOrphaned:
      if (!Tracker::IsTracked(record)) {
        session.Say(record.FullName() + " still runs here; sync again when it has ended");
      }
      return absl::AbortedError("goes on");
    case runner::RunnerPhase::kNotStarted:
      return absl::AbortedError("has not begun");
    default:
      break;
  }
  if (Tracker::IsTracked(record)) return absl::AbortedError("is being delivered");
  XP_RETURN_IF_ERROR(SubmitRun(client, record));
  XP_ASSIGN_OR_RETURN(const client::ServerAddress server, session.Address());
  XP_ASSIGN_OR_RETURN(Tracker tracker, Tracker::Start(record, server.shown));
  return AwaitDelivery(session, client, record, signals, tracker);
}

}  // namespace

absl::Status SubmitRun(client::Client& client, const RunRecord& record) {
  if (!record.git_diff_sha256.empty()) {
    XP_ASSIGN_OR_RETURN(const client::BlobSource diff, client::BlobOfFile(record.DiffFile()));
    XP_RETURN_IF_ERROR(client::UploadBlobs(client, {diff}).status());
  }
  return client.Call(&v1::Experiments::Stub::SubmitExperiment, SubmitRequestOf(record)).status();
}

absl::Status AwaitDelivery(Session& session, client::Client& client, const RunRecord& record,
                           const Signals& signals, Tracker& tracker) {
  const auto monotonic = session.world().retry.monotonic;
  const absl::Duration began = monotonic();
  absl::Duration seen = began;
  bool said = false;
  while (true) {
    if (const std::optional<int> code = tracker.Ended(kLook))
      return OutcomeOf(client, record, *code);
    const absl::Duration now = monotonic();
    if (client.channel()->GetState(/*try_to_connect=*/true) == GRPC_CHANNEL_READY) seen = now;
    const bool signalled = signals.Wait(absl::ZeroDuration());
    if (signalled || now - seen > kServerAway) {
      tracker.End();
      if (signalled) return absl::CancelledError("interrupted");
      return absl::UnavailableError("the server is gone");
    }
    if (!said && now - began > kSayAfter) {
      said = true;
      session.Say(absl::StrCat("delivering ", record.FullName(),
                               ": its last bytes and artifacts; Ctrl-C leaves it to xpctl sync"));
    }
  }
}

bool DeliverPending(Session& session, client::Client& client, const Signals& signals,
                    std::string_view except) {
  const absl::StatusOr<std::string> runs = RunsFolder(session.world().getenv);
  if (!runs.ok()) return true;
  bool all = true;
  for (const std::string& folder : PendingRuns(*runs)) {
    if (folder == except) continue;
    std::string name = folder;
    const absl::Status status = DeliverOne(session, client, signals, folder, &name);
    if (status.ok()) {
      session.Say("delivered " + name);
    } else if (!absl::IsAborted(status)) {
      all = false;
      session.Say(absl::StrCat(name, " was not delivered: ", status.message(),
                               absl::IsFailedPrecondition(status) ? "" : "; it is kept in ",
                               absl::IsFailedPrecondition(status) ? "" : folder));
    }
    if (absl::IsCancelled(status) || absl::IsUnavailable(status)) return false;
  }
  return all;
}

}  // namespace xp::xpctl
