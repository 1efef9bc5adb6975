#include "server/fleet/greeting.h"

#include <absl/container/flat_hash_set.h>
#include <absl/strings/str_cat.h>
#include <spdlog/spdlog.h>

#include <string>
#include <utility>

#include "proto/resource_name.h"
#include "proto/status.h"
#include "server/store/attempt_store.h"
#include "server/store/worker_store.h"

namespace xp::fleet {
namespace {

using Held = v1::HeldAttempt;

constexpr int kSlotsMax = 4096;

absl::Status Bad(std::string_view field, std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(ToAbsl(field), ": ", ToAbsl(what)));
}

std::string KeyOf(const v1::AttemptId& attempt) {
  return absl::StrCat(attempt.trial_uid(), "/", attempt.number());
}

bool EndsStream(const absl::Status& status) {
  return status.code() != absl::StatusCode::kNotFound &&
         status.code() != absl::StatusCode::kFailedPrecondition &&
         status.code() != absl::StatusCode::kInvalidArgument;
}

v1::EndReason ToProto(core::StopReason reason) {
  return reason == core::StopReason::kMaxRuntime ? v1::MAX_RUNTIME : v1::USER;
}

// The worker's attempt is still its own: brings the trial to where the worker is. Sets `confirmed`
// when that was the last that was missing.
absl::Status TakeBack(store::AttemptWrites& attempts, const Held& held,
                      const store::AttemptStanding& standing, bool* confirmed) {
  const core::TrialState state = standing.trial.state;
  // It may have begun while nobody heard it; said again it changes nothing.
  v1::Started started = held.started();
  *started.mutable_attempt() = held.attempt();
  if (!started.has_time()) *started.mutable_time() = held.start_time();
  const bool began = held.has_started() || held.has_start_time();
  if (held.phase() == Held::EXITED) {
    if (began && state != core::TrialState::kFinishing) {
      XP_RETURN_IF_ERROR(attempts.Started(started));
    }
    v1::Exited exited = held.exited();
    *exited.mutable_attempt() = held.attempt();
    XP_ASSIGN_OR_RETURN(const store::EndProgress progress, attempts.Exited(exited));
    *confirmed = progress.confirmed;
    return absl::OkStatus();
  }
  if (state == core::TrialState::kFinishing) return absl::OkStatus();
  if (held.phase() == Held::ACCEPTED && state == core::TrialState::kAssigned) {
    v1::Accepted accepted;
    *accepted.mutable_attempt() = held.attempt();
    return attempts.Accepted(accepted);
  }
  const bool away = state == core::TrialState::kLost || state == core::TrialState::kQueued;
  if (away || !began) XP_RETURN_IF_ERROR(attempts.WorkerReturned(held.attempt()));
  return began ? attempts.Started(started) : absl::OkStatus();
}

// What an attempt that is over for the server means for a worker that still has it.
v1::Verdict::Action AfterTheEnd(const Held& held) {
  return held.phase() == Held::EXITED ? v1::Verdict::CONFIRMED : v1::Verdict::FENCED;
}

absl::StatusOr<v1::Verdict> Judge(store::WriteContext& context, const v1::Hello& hello,
                                  const Held& held) {
  v1::Verdict verdict;
  *verdict.mutable_attempt() = held.attempt();
  store::AttemptWrites& attempts = context.attempts();
  absl::StatusOr<store::AttemptStanding> standing = attempts.Find(held.attempt());
  if (!standing.ok()) {
    if (EndsStream(standing.status())) return standing.status();
    verdict.set_action(v1::Verdict::FORGET);
    return verdict;
  }
  const bool repairable = standing->trial.state == core::TrialState::kFailed &&
                          standing->trial.trial.reason() == v1::INCOMPLETE;
  if (standing->confirmed && !repairable) {
    verdict.set_action(AfterTheEnd(held));
    return verdict;
  }
  if (!standing->is_latest || standing->worker != hello.worker()) {
    verdict.set_action(v1::Verdict::FENCED);
    return verdict;
  }
  if (!repairable) {
    bool confirmed = false;
    const absl::Status taken = TakeBack(attempts, held, *standing, &confirmed);
    if (!taken.ok()) {
      if (EndsStream(taken)) return taken;
      spdlog::info("worker {}, attempt {} of {}: not taken back: {}", hello.worker(),
                   held.attempt().number(), standing->trial.trial.name(), FormatStatus(taken));
      verdict.set_action(AfterTheEnd(held));
      return verdict;
    }
    if (confirmed) {
      verdict.set_action(v1::Verdict::CONFIRMED);
      return verdict;
    }
  }
  const bool stops =
      standing->trial.state == core::TrialState::kStopping && held.phase() != Held::EXITED;
  verdict.set_action(stops ? v1::Verdict::STOP : v1::Verdict::CONTINUE);
  if (stops) verdict.set_stop_reason(ToProto(standing->trial.stop));
  for (v1::SourceOffset& source : standing->sources) *verdict.add_sources() = std::move(source);
  return verdict;
}

// What the server believes to be on the worker and the worker does not name.
absl::Status SettleUnnamed(store::WriteContext& context, const v1::Hello& hello) {
  absl::flat_hash_set<std::string> named;
  for (const Held& held : hello.held()) named.insert(KeyOf(held.attempt()));
  XP_ASSIGN_OR_RETURN(const std::vector<store::LiveTrial> believed,
                      context.attempts().HeldBy(hello.worker()));
  for (const store::LiveTrial& trial : believed) {
    v1::AttemptId attempt;
    attempt.set_trial_uid(trial.trial.uid());
    attempt.set_number(trial.trial.attempt());
    if (named.contains(KeyOf(attempt))) continue;
    const std::string why =
        absl::StrCat("worker ", hello.worker(), " came back without attempt ", attempt.number());
    // What never started is nobody's fault; STOPPING may or may not have.
    const absl::Status status = trial.state == core::TrialState::kAssigned
                                    ? context.attempts().NotTaken(attempt, why)
                                    : context.attempts().GiveUp(attempt, why);
    if (status.ok()) continue;
    if (EndsStream(status)) return Annotate(status, trial.trial.name());
    spdlog::error("{}, {}: {}", why, trial.trial.name(), FormatStatus(status));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckHello(const v1::Hello& hello) {
  XP_RETURN_IF_ERROR(CheckName("hello.worker", hello.worker()));
  if (hello.slots().empty()) return Bad("hello.slots", "is empty; a worker has at least one slot");
  if (hello.slots_size() > kSlotsMax) {
    return Bad("hello.slots", absl::StrCat(hello.slots_size(), " slots; at most ", kSlotsMax));
  }
  absl::flat_hash_set<int> indexes;
  for (int i = 0; i < hello.slots_size(); ++i) {
    const v1::Slot& slot = hello.slots(i);
    const std::string path = absl::StrCat("hello.slots[", i, "]");
    if (slot.index() < 0 || !indexes.insert(slot.index()).second) {
      return Bad(path + ".index",
                 absl::StrCat(slot.index(), " is negative or there twice; write 0, 1, 2 ..."));
    }
    if (slot.kind() != v1::SLOT_KIND_CPU && slot.kind() != v1::SLOT_KIND_GPU) {
      return Bad(path + ".kind", "must be SLOT_KIND_CPU or SLOT_KIND_GPU");
    }
  }
  absl::flat_hash_set<std::string> held;
  for (int i = 0; i < hello.held_size(); ++i) {
    const v1::AttemptId& attempt = hello.held(i).attempt();
    const std::string path = absl::StrCat("hello.held[", i, "]");
    if (attempt.trial_uid().empty() || attempt.number() < 1) {
      return Bad(path + ".attempt", "names no attempt");
    }
    if (!held.insert(KeyOf(attempt)).second) return Bad(path + ".attempt", "is there twice");
    if (hello.held(i).phase() == Held::PHASE_UNSPECIFIED) return Bad(path + ".phase", "is missing");
  }
  return absl::OkStatus();
}

absl::StatusOr<Greeting> Greet(store::WriteContext& context, const v1::Hello& hello) {
  Greeting greeting;
  XP_ASSIGN_OR_RETURN(greeting.worker, context.workers().Seen(hello));
  for (const Held& held : hello.held()) {
    XP_ASSIGN_OR_RETURN(v1::Verdict verdict, Judge(context, hello, held));
    greeting.verdicts.push_back(std::move(verdict));
  }
  XP_RETURN_IF_ERROR(SettleUnnamed(context, hello));
  return greeting;
}

}  // namespace xp::fleet
