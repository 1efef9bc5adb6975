// What the end of an attempt leads to: COMPLETED, FAILED, STOPPED, or queued again (DESIGN
// sections 2 and 9). Decided once, when the worker reports the end, and kept with the trial until
// the last byte is in.
//
// Pure functions on values; safe from any thread.
#pragma once

#include <cstdint>
#include <string>

#include "server/core/trial_state.h"

namespace xp::core {

// sysexits.h's EX_TEMPFAIL: the program was preempted and wants to be run again.
inline constexpr int kPreemptedExitStatus = 75;

// Worker faults that a trial may have before it fails; they use no retry.
inline constexpr int32_t kWorkerFaultsMax = 3;

enum class EndKind {
  kExit,         // `code` is the exit status
  kSignal,       // `code` is the signal
  kOutOfMemory,  // killed for memory
  kNotFound,     // the command could not be started
  kInput,        // an input was not to be had: a worker fault
  kWorkerFault,  // dead runner, workspace full, GPU gone, lost lease: a worker fault
};

// How an attempt ended, as its worker says (or as the server concludes from its silence).
struct AttemptEnd {
  EndKind kind = EndKind::kExit;
  int code = 0;
  // Set when the stop came before the process was gone: the user's, or the runner's time limit.
  StopReason stop = StopReason::kNone;
  std::string detail;  // for people, e.g. "workspace full: 0 of 512 MiB free"; may be empty
};

// Who else could run the trial.
enum class Rerun {
  kAnywhere,  // any worker that fits
  kNever,     // started by `xpctl run` on a machine that takes no work: it is never queued
};

// What is left to the trial, counting what was used by earlier attempts.
struct RetryBudget {
  int32_t retries = 0;  // the spec's `retries`: failures of the program that are forgiven
  int32_t retries_used = 0;
  int32_t worker_faults = 0;  // before this end
  Rerun rerun = Rerun::kAnywhere;
};

// What is counted against the trial.
enum class Charge { kNone, kRetry, kWorkerFault };

struct EndVerdict {
  TrialEvent event = TrialEvent::kSucceeded;     // kSucceeded, kFailedForGood, kEndedStopped or
                                                 // kQueuedAgain
  FailureReason failure = FailureReason::kNone;  // set with kFailedForGood
  StopReason stop = StopReason::kNone;           // set with kEndedStopped
  Charge charge = Charge::kNone;
  std::string why;  // one sentence for `xpctl why` and the trial's history
};

// The order of the rules: a stop before the end (STOPPED whatever the status), exit 0, exit 75
// (queued again, no charge), worker faults (queued again up to kWorkerFaultsMax), failures of the
// program (queued again while retries are left), else FAILED.
EndVerdict DecideEnd(const AttemptEnd& end, const RetryBudget& budget);

// The verdict after a stop that came while the trial was FINISHING: a trial that would be queued
// again is STOPPED instead; every other verdict stays.
EndVerdict AfterLateStop(EndVerdict verdict, StopReason stop);

// The verdict on a worker that stayed away beyond its lease and the wait in LOST, or that came
// back without the attempt. `stop` is set for a trial that was STOPPING.
EndVerdict DecideLost(const RetryBudget& budget, StopReason stop);

}  // namespace xp::core
