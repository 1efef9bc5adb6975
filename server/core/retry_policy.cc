#include "server/core/retry_policy.h"

#include <absl/strings/str_cat.h>

#include <utility>

#include "server/core/text.h"

namespace xp::core {
namespace {

std::string Describe(const AttemptEnd& end) {
  std::string text;
  switch (end.kind) {
    case EndKind::kExit:
      text = absl::StrCat("exit status ", end.code);
      break;
    case EndKind::kSignal:
      text = absl::StrCat("ended by signal ", end.code);
      break;
    case EndKind::kOutOfMemory:
      text = "killed for memory";
      break;
    case EndKind::kNotFound:
      text = "the command could not be started";
      break;
    case EndKind::kInput:
      text = "an input was not to be had";
      break;
    case EndKind::kWorkerFault:
      text = "worker fault";
      break;
  }
  if (!end.detail.empty()) absl::StrAppend(&text, " (", end.detail, ")");
  return text;
}

FailureReason ProgramFailure(EndKind kind) {
  switch (kind) {
    case EndKind::kSignal:
      return FailureReason::kSignal;
    case EndKind::kOutOfMemory:
      return FailureReason::kOutOfMemory;
    case EndKind::kNotFound:
      return FailureReason::kNotFound;
    default:
      return FailureReason::kExit;
  }
}

EndVerdict Stopped(StopReason stop, std::string_view after) {
  const std::string_view by =
      stop == StopReason::kUser ? "stopped by a user" : "time limit reached";
  return {TrialEvent::kEndedStopped, FailureReason::kNone, stop, Charge::kNone,
          absl::StrCat(ToAbsl(by), "; ", ToAbsl(after))};
}

EndVerdict WorkerFault(const std::string& what, FailureReason reason, const RetryBudget& budget) {
  if (budget.rerun == Rerun::kNever) {
    return {TrialEvent::kFailedForGood, FailureReason::kTrackerGone, StopReason::kNone,
            Charge::kWorkerFault, absl::StrCat(what, "; a trial of `xpctl run` is not run again")};
  }
  const int32_t faults = budget.worker_faults + 1;
  if (faults <= kWorkerFaultsMax) {
    return {TrialEvent::kQueuedAgain, FailureReason::kNone, StopReason::kNone, Charge::kWorkerFault,
            absl::StrCat(what, "; queued again (worker fault ", faults, " of at most ",
                         kWorkerFaultsMax, ", no retry used)")};
  }
  return {TrialEvent::kFailedForGood, reason, StopReason::kNone, Charge::kWorkerFault,
          absl::StrCat(what, "; more than ", kWorkerFaultsMax, " worker faults")};
}

}  // namespace

EndVerdict DecideEnd(const AttemptEnd& end, const RetryBudget& budget) {
  const std::string what = Describe(end);
  if (end.stop != StopReason::kNone) return Stopped(end.stop, what);
  if (end.kind == EndKind::kExit && end.code == 0) {
    return {TrialEvent::kSucceeded, FailureReason::kNone, StopReason::kNone, Charge::kNone, what};
  }
  if (end.kind == EndKind::kInput) return WorkerFault(what, FailureReason::kInput, budget);
  if (end.kind == EndKind::kWorkerFault) {
    return WorkerFault(what, FailureReason::kWorkerFault, budget);
  }
  if (budget.rerun == Rerun::kAnywhere) {
    if (end.kind == EndKind::kExit && end.code == kPreemptedExitStatus) {
      return {TrialEvent::kQueuedAgain, FailureReason::kNone, StopReason::kNone, Charge::kNone,
              absl::StrCat(what, " means preempted; queued again, no retry used")};
    }
    if (budget.retries_used < budget.retries) {
      return {TrialEvent::kQueuedAgain, FailureReason::kNone, StopReason::kNone, Charge::kRetry,
              absl::StrCat(what, "; queued again (retry ", budget.retries_used + 1, " of ",
                           budget.retries, ")")};
    }
  }
  const std::string retries =
      budget.retries > 0 ? absl::StrCat("; all ", budget.retries, " retries used") : "";
  return {TrialEvent::kFailedForGood, ProgramFailure(end.kind), StopReason::kNone, Charge::kNone,
          absl::StrCat(what, retries)};
}

EndVerdict AfterLateStop(EndVerdict verdict, StopReason stop) {
  if (verdict.event != TrialEvent::kQueuedAgain) return verdict;
  EndVerdict stopped = Stopped(stop, absl::StrCat("else it had been queued again: ", verdict.why));
  stopped.charge = verdict.charge;
  return stopped;
}

EndVerdict DecideLost(const RetryBudget& budget, StopReason stop) {
  const std::string what = "its worker stayed silent, or came back without it";
  if (stop != StopReason::kNone) return Stopped(stop, what);
  return WorkerFault(what, FailureReason::kWorkerFault, budget);
}

}  // namespace xp::core
