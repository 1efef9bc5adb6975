#include "client/xpctl/run/deliver_run.h"

#include <absl/strings/str_cat.h>
#include <absl/time/time.h>
#include <sys/stat.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "client/cpp/blob_upload.h"
#include "client/xpctl/format.h"
#include "client/xpctl/run/begin_run.h"
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

// The server has no use for what is not confirmed yet.
absl::StatusOr<bool> IsUnwanted(client::Client& client, const RunRecord& record) {
  v1::GetTrialRequest request;
  request.set_name(record.FullName());
  const absl::StatusOr<v1::Trial> trial = client.Call(&v1::Trials::Stub::GetTrial, request);
  if (absl::IsNotFound(trial.status())) return true;
  if (!trial.ok()) return trial.status();
  return HasEnded(trial->state());
}

// Of a tracker that has ended with `code`.
absl::StatusOr<Delivery> OutcomeOf(client::Client& client, const RunRecord& record, int code) {
  if (Exists(record.Attempt().ConfirmedFile())) {
    XP_RETURN_IF_ERROR(RemoveRun(record));
    return Delivery::kDelivered;
  }
  if (code != 0) return absl::InternalError("xpworker: " + LastWords(record.WorkerLog()));
  XP_ASSIGN_OR_RETURN(const bool unwanted, IsUnwanted(client, record));
  if (!unwanted) return absl::InternalError("xpworker left before the server had all of it");
  XP_RETURN_IF_ERROR(DropRun(record));
  return Delivery::kUnwanted;
}

// Of one that may be going on, being delivered, or damaged.
absl::StatusOr<Delivery> DeliverOne(Session& session, client::Client& client,
                                    const Signals& signals, const RunRecord& record) {
  XP_ASSIGN_OR_RETURN(const runner::RunnerState state, runner::Probe(record.Attempt()));
  const bool tracked = Tracker::IsTracked(record);
  switch (state.phase) {
    case runner::RunnerPhase::kRunning:
    case runner::RunnerPhase::kOrphaned:
      if (!tracked) {
        session.Say(record.FullName() + " still runs here; sync again when it has ended");
      }
      return Delivery::kGoesOn;
    case runner::RunnerPhase::kNotStarted: {
      XP_ASSIGN_OR_RETURN(const bool abandoned, CallOffAbandoned(record, session.world().now()));
      if (!abandoned) return Delivery::kGoesOn;  // its xpctl is about to begin it
      break;
    }
    default:
      break;
  }
  if (tracked) return Delivery::kGoesOn;
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

absl::StatusOr<Delivery> AwaitDelivery(Session& session, client::Client& client,
                                       const RunRecord& record, const Signals& signals,
                                       Tracker& tracker) {
  const auto monotonic = client.retrier().environment().monotonic;
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

std::string UnwantedWords(const RunRecord& record) {
  return absl::StrCat(
      "the server does not want it any more (its trial was deleted or given up); its files stay "
      "in ",
      record.folder);
}

std::string KeptWords(const RunRecord& record) {
  return absl::StrCat("is kept in ", record.folder, "; xpctl sync delivers it");
}

bool DeliverPending(Session& session, client::Client& client, const Signals& signals,
                    std::string_view except) {
  const absl::StatusOr<std::string> runs = RunsFolder(session.world().getenv);
  if (!runs.ok()) return true;
  bool all = true;
  for (const std::string& folder : PendingRuns(*runs)) {
    if (folder == except) continue;
    const absl::StatusOr<RunRecord> record = LoadRun(folder);
    const std::string name = record.ok() ? record->FullName() : folder;
    const absl::StatusOr<Delivery> delivery = record.ok()
                                                  ? DeliverOne(session, client, signals, *record)
                                                  : absl::StatusOr<Delivery>(record.status());
    if (!delivery.ok()) {
      all = false;
      session.Say(absl::StrCat(name, " was not delivered: ", delivery.status().message(),
                               "; it is kept in ", folder));
      // The next one would fare no better.
      if (absl::IsCancelled(delivery.status()) || absl::IsUnavailable(delivery.status())) break;
    } else if (*delivery == Delivery::kUnwanted) {
      all = false;
      session.Say(absl::StrCat(name, " was not delivered: ", UnwantedWords(*record)));
    } else if (*delivery == Delivery::kDelivered) {
      session.Say("delivered " + name);
    }
  }
  return all;
}

}  // namespace xp::xpctl
