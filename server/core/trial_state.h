// The life of a trial as one table, state × event (DESIGN section 2). Whoever changes a trial's
// state asks NextState() inside the transaction that writes it; nobody else knows the rules.
// What the end of an attempt leads to is decided in retry_policy.h.
//
// Pure functions on values; safe from any thread. The enums are stored and sent by name
// (StateName), so their order is free to change.
#pragma once

#include <absl/status/statusor.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace xp::core {

enum class TrialState {
  kQueued,     // waits for a slot
  kAssigned,   // given to a worker that has not yet said that it started
  kRunning,    // the process runs
  kFinishing,  // the process is gone, its slot free; last bytes and artifacts are under way
  kStopping,   // asked to stop, not yet ended
  kLost,       // its worker is silent and may come back
  kCompleted,
  kFailed,
  kStopped,
};
inline constexpr std::array kTrialStates = {
    TrialState::kQueued,    TrialState::kAssigned, TrialState::kRunning,
    TrialState::kFinishing, TrialState::kStopping, TrialState::kLost,
    TrialState::kCompleted, TrialState::kFailed,   TrialState::kStopped,
};

enum class TrialEvent {
  // From the scheduler.
  kAssign,        // a worker is chosen; the attempt number rises with this event and no other
  kLeaseExpired,  // the worker was silent beyond its lease
  // From the worker that holds the attempt (a stale attempt was refused before).
  kStarted,         // accepted and started; sent again after a reconnection
  kNotTaken,        // refused the assignment, or a new stream that does not name it
  kWorkerReturned,  // a new stream that names the running attempt; until the next kAssign a queued
                    // trial is taken back too
  kExited,          // the process is gone (or could not be started); the verdict is kept until the
                    // last byte is in
  // From a person, or from the time limit.
  kStopRequested,
  kRetryRequested,
  // Verdicts (retry_policy.h), applied when the last byte and artifact are in; or at once for a
  // worker that stays away.
  kSucceeded,
  kFailedForGood,
  kEndedStopped,
  kQueuedAgain,
  // The rest of a FINISHING trial.
  kGaveUpWaiting,  // 24 h without the last bytes: FAILED (INCOMPLETE)
  kRepaired,       // the missing bytes came after all; only from FAILED (INCOMPLETE)
};
inline constexpr std::array kTrialEvents = {
    TrialEvent::kAssign,        TrialEvent::kLeaseExpired,   TrialEvent::kStarted,
    TrialEvent::kNotTaken,      TrialEvent::kWorkerReturned, TrialEvent::kExited,
    TrialEvent::kStopRequested, TrialEvent::kRetryRequested, TrialEvent::kSucceeded,
    TrialEvent::kFailedForGood, TrialEvent::kEndedStopped,   TrialEvent::kQueuedAgain,
    TrialEvent::kGaveUpWaiting, TrialEvent::kRepaired,
};

// Why a trial is FAILED.
enum class FailureReason {
  kNone,
  kExit,         // exit status other than 0
  kSignal,       // ended by a signal that xp did not send
  kOutOfMemory,  // killed by the kernel or the cgroup for memory
  kNotFound,     // the command does not exist or may not be executed
  kInput,        // an input was not to be had, on several workers
  kWorkerFault,  // lost lease, dead runner, workspace full, GPU gone; more often than the bound
  kTrackerGone,  // `xpctl run`: the program that tracked it is gone and nobody can run it again
  kIncomplete,   // the last bytes or artifacts never came; repairable
};

// Why a trial is STOPPED (or STOPPING).
enum class StopReason {
  kNone,
  kUser,
  kMaxRuntime,
};

// "QUEUED", "OUT_OF_MEMORY", "MAX_RUNTIME"; kNone is "". The words of the API and of the database.
std::string_view StateName(TrialState state);
std::string_view EventName(TrialEvent event);
std::string_view ReasonName(FailureReason reason);
std::string_view ReasonName(StopReason reason);

// The reverse, without regard to case; nothing for an unknown word.
std::optional<TrialState> ParseTrialState(std::string_view name);
std::optional<FailureReason> ParseFailureReason(std::string_view name);
std::optional<StopReason> ParseStopReason(std::string_view name);

// COMPLETED, FAILED or STOPPED: only these may be deleted.
bool IsEnded(TrialState state);

// A worker is, or may be, at work on it: it has a lease.
bool IsLeased(TrialState state);

// The state after `event`. FAILED_PRECONDITION where the table has no entry; the message names the
// state and what is possible in it. `failure` is the reason of a FAILED trial (kRepaired asks for
// it); kNone for all others.
absl::StatusOr<TrialState> NextState(TrialState state, TrialEvent event,
                                     FailureReason failure = FailureReason::kNone);

// The events that `state` has an entry for, in the order of kTrialEvents.
std::vector<TrialEvent> PossibleEvents(TrialState state);

}  // namespace xp::core
