#include "server/core/trial_state.h"

#include <absl/status/status.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <cstddef>

#include "server/core/text.h"

namespace xp::core {
namespace {

using S = TrialState;
using E = TrialEvent;

struct Entry {
  S from;
  E event;
  S to;
};

// The whole machine. What is not here is refused.
constexpr Entry kTable[] = {
    {S::kQueued, E::kAssign, S::kAssigned},
    {S::kQueued, E::kWorkerReturned, S::kRunning},  // takes back what was queued in its absence
    {S::kQueued, E::kExited, S::kFinishing},        // the same, and the process ended meanwhile
    {S::kQueued, E::kStopRequested, S::kStopped},

    {S::kAssigned, E::kLeaseExpired, S::kLost},
    {S::kAssigned, E::kStarted, S::kRunning},
    {S::kAssigned, E::kNotTaken, S::kQueued},
    {S::kAssigned, E::kWorkerReturned, S::kAssigned},  // holds it, still prepares the workspace
    {S::kAssigned, E::kExited, S::kFinishing},         // could not be started
    {S::kAssigned, E::kStopRequested, S::kStopping},

    {S::kRunning, E::kLeaseExpired, S::kLost},
    {S::kRunning, E::kStarted, S::kRunning},
    {S::kRunning, E::kWorkerReturned, S::kRunning},
    {S::kRunning, E::kExited, S::kFinishing},
    {S::kRunning, E::kStopRequested, S::kStopping},
    {S::kRunning, E::kFailedForGood, S::kFailed},  // the worker came back without it
    {S::kRunning, E::kQueuedAgain, S::kQueued},

    {S::kFinishing, E::kWorkerReturned, S::kFinishing},
    {S::kFinishing, E::kExited, S::kFinishing},
    {S::kFinishing, E::kStopRequested, S::kFinishing},  // the process is gone: AfterLateStop()
    {S::kFinishing, E::kSucceeded, S::kCompleted},
    {S::kFinishing, E::kFailedForGood, S::kFailed},
    {S::kFinishing, E::kEndedStopped, S::kStopped},
    {S::kFinishing, E::kQueuedAgain, S::kQueued},
    {S::kFinishing, E::kGaveUpWaiting, S::kFailed},

    {S::kStopping, E::kLeaseExpired, S::kStopping},
    {S::kStopping, E::kStarted, S::kStopping},  // crossed the stop on its way
    {S::kStopping, E::kNotTaken, S::kStopped},
    {S::kStopping, E::kWorkerReturned, S::kStopping},
    {S::kStopping, E::kExited, S::kFinishing},
    {S::kStopping, E::kStopRequested, S::kStopping},
    {S::kStopping, E::kEndedStopped, S::kStopped},  // the worker stays away, or came without it

    {S::kLost, E::kStarted, S::kRunning},
    {S::kLost, E::kNotTaken, S::kQueued},
    {S::kLost, E::kWorkerReturned, S::kRunning},
    {S::kLost, E::kExited, S::kFinishing},
    {S::kLost, E::kStopRequested, S::kStopping},
    {S::kLost, E::kFailedForGood, S::kFailed},
    {S::kLost, E::kQueuedAgain, S::kQueued},

    {S::kFailed, E::kRetryRequested, S::kQueued},
    {S::kFailed, E::kRepaired, S::kFinishing},  // INCOMPLETE only

    {S::kStopped, E::kRetryRequested, S::kQueued},
};

struct FailureWord {
  FailureReason reason;
  std::string_view name;
};
constexpr FailureWord kFailures[] = {
    {FailureReason::kNone, ""},
    {FailureReason::kExit, "EXIT"},
    {FailureReason::kSignal, "SIGNAL"},
    {FailureReason::kOutOfMemory, "OUT_OF_MEMORY"},
    {FailureReason::kNotFound, "NOT_FOUND"},
    {FailureReason::kInput, "INPUT"},
    {FailureReason::kWorkerFault, "WORKER_FAULT"},
    {FailureReason::kTrackerGone, "TRACKER_GONE"},
    {FailureReason::kIncomplete, "INCOMPLETE"},
};

// What a person is told about an action that the state does not allow.
absl::Status Refuse(TrialState state, TrialEvent event) {
  std::string possible;
  if (event == E::kStopRequested || event == E::kRetryRequested) {
    std::vector<std::string_view> actions;
    for (const TrialEvent other : PossibleEvents(state)) {
      if (other == E::kStopRequested) actions.push_back("stop");
      if (other == E::kRetryRequested) actions.push_back("retry");
    }
    if (IsEnded(state)) actions.push_back("delete");
    if (state == S::kCompleted) actions.push_back("submit it again under a new name");
    possible = absl::StrJoin(
        actions, ", ", [](std::string* out, std::string_view action) { out->append(action); });
  } else {
    possible = absl::StrJoin(PossibleEvents(state), ", ", [](std::string* out, TrialEvent other) {
      out->append(EventName(other));
    });
  }
  return absl::FailedPreconditionError(
      absl::StrCat("the trial is ", ToAbsl(StateName(state)), ": '", ToAbsl(EventName(event)),
                   "' is not possible; possible now: ", possible.empty() ? "nothing" : possible));
}

}  // namespace

std::string_view StateName(TrialState state) {
  switch (state) {
    case S::kQueued:
      return "QUEUED";
    case S::kAssigned:
      return "ASSIGNED";
    case S::kRunning:
      return "RUNNING";
    case S::kFinishing:
      return "FINISHING";
    case S::kStopping:
      return "STOPPING";
    case S::kLost:
      return "LOST";
    case S::kCompleted:
      return "COMPLETED";
    case S::kFailed:
      return "FAILED";
    case S::kStopped:
      return "STOPPED";
  }
  return "";
}

std::string_view EventName(TrialEvent event) {
  switch (event) {
    case E::kAssign:
      return "assign";
    case E::kLeaseExpired:
      return "lease expired";
    case E::kStarted:
      return "started";
    case E::kNotTaken:
      return "not taken";
    case E::kWorkerReturned:
      return "worker returned";
    case E::kExited:
      return "exited";
    case E::kStopRequested:
      return "stop";
    case E::kRetryRequested:
      return "retry";
    case E::kSucceeded:
      return "succeeded";
    case E::kFailedForGood:
      return "failed for good";
    case E::kEndedStopped:
      return "ended stopped";
    case E::kQueuedAgain:
      return "queued again";
    case E::kGaveUpWaiting:
      return "gave up waiting for its last bytes";
    case E::kRepaired:
      return "repaired";
  }
  return "";
}

std::string_view ReasonName(FailureReason reason) {
  for (const FailureWord& word : kFailures) {
    if (word.reason == reason) return word.name;
  }
  return "";
}

std::string_view ReasonName(StopReason reason) {
  switch (reason) {
    case StopReason::kNone:
      return "";
    case StopReason::kUser:
      return "USER";
    case StopReason::kMaxRuntime:
      return "MAX_RUNTIME";
  }
  return "";
}

std::optional<TrialState> ParseTrialState(std::string_view name) {
  for (const TrialState state : kTrialStates) {
    if (absl::EqualsIgnoreCase(ToAbsl(StateName(state)), ToAbsl(name))) return state;
  }
  return std::nullopt;
}

std::optional<FailureReason> ParseFailureReason(std::string_view name) {
  for (const FailureWord& word : kFailures) {
    if (absl::EqualsIgnoreCase(ToAbsl(word.name), ToAbsl(name))) return word.reason;
  }
  return std::nullopt;
}

std::optional<StopReason> ParseStopReason(std::string_view name) {
  for (const StopReason reason : {StopReason::kNone, StopReason::kUser, StopReason::kMaxRuntime}) {
    if (absl::EqualsIgnoreCase(ToAbsl(ReasonName(reason)), ToAbsl(name))) return reason;
  }
  return std::nullopt;
}

bool IsEnded(TrialState state) {
  return state == S::kCompleted || state == S::kFailed || state == S::kStopped;
}

bool IsLeased(TrialState state) {
  return state == S::kAssigned || state == S::kRunning || state == S::kStopping ||
         state == S::kLost;
}

absl::StatusOr<TrialState> NextState(TrialState state, TrialEvent event, FailureReason failure) {
  for (const Entry& entry : kTable) {
    if (entry.from != state || entry.event != event) continue;
    if (event == E::kRepaired && failure != FailureReason::kIncomplete) {
      return absl::FailedPreconditionError(
          absl::StrCat("the trial is FAILED (", ToAbsl(ReasonName(failure)),
                       "): only FAILED (INCOMPLETE) can be repaired"));
    }
    return entry.to;
  }
  return Refuse(state, event);
}

std::vector<TrialEvent> PossibleEvents(TrialState state) {
  std::vector<TrialEvent> events;
  for (const TrialEvent event : kTrialEvents) {
    for (const Entry& entry : kTable) {
      if (entry.from == state && entry.event == event) events.push_back(event);
    }
  }
  return events;
}

}  // namespace xp::core
