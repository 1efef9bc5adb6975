// Attempts: what the scheduler and the workers do to trials. The attempt number fences: every
// method that takes an AttemptId answers NOT_FOUND when the trial is unknown or deleted, and
// FAILED_PRECONDITION when the attempt is not the trial's latest, or when core/trial_state has no
// entry for the event. Each method may be repeated: what was done already is answered OK again.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/core/ids.h"
#include "server/core/trial_state.h"
#include "server/store/live_trial.h"
#include "xp/v1/workers.pb.h"

namespace xp::store {

// A trial whose spec has this key among its resources' labels was begun by `xpctl run`: only the
// worker that began it can run it, so it is never queued again; its end without the tracker is
// FAILED (TRACKER_GONE).
inline constexpr std::string_view kTrackedRunLabel = "xp.run";

struct AssignRequest {
  core::TrialId trial;
  std::string worker;
  std::vector<int32_t> slots;           // indexes on the worker
  int32_t checkpoint_from_attempt = 0;  // 0: the checkpoint folder starts empty
  std::string checkpoint_note;          // for people
  std::string why;                      // for the trial's history; may be empty
};

// What the store knows of an attempt that somebody names.
struct AttemptStanding {
  LiveTrial trial;  // as it is; `trial.trial.attempt` is the latest number
  bool is_latest = false;
  bool confirmed = false;                 // the named attempt's end is stored
  std::string worker;                     // the named attempt's
  std::vector<v1::SourceOffset> sources;  // held of the named attempt; writers are left out
};

// What a worker's message led to.
struct EndProgress {
  core::TrialState state = core::TrialState::kFinishing;
  bool confirmed =
      false;  // every source's end is held and Finished was received: the end is stored
};

// Inside a change (write_context.h).
class AttemptWrites {
 public:
  virtual ~AttemptWrites() = default;

  // The next attempt: the number rises here and nowhere else. The answer is what goes to the
  // worker. NOT_FOUND; FAILED_PRECONDITION: the trial is not QUEUED, or the worker is drained.
  virtual absl::StatusOr<v1::Assignment> Assign(const AssignRequest& request) = 0;

  // The assignment is on the worker's disk.
  virtual absl::Status Accepted(const v1::Accepted& message) = 0;

  // The worker does not have what it was assigned: queued again, nothing is charged.
  virtual absl::Status NotTaken(const v1::AttemptId& attempt, std::string_view why) = 0;

  virtual absl::Status Started(const v1::Started& message) = 0;

  // An event for people; the same text twice in a row is stored once.
  virtual absl::Status NoteState(const v1::StateUpdate& message) = 0;

  // Silent beyond its lease: LOST.
  virtual absl::Status LeaseExpired(const v1::AttemptId& attempt) = 0;

  // A lost (or queued again, but not yet assigned) attempt was named by its worker: it goes on.
  virtual absl::Status WorkerReturned(const v1::AttemptId& attempt) = 0;

  // LOST long enough, or its worker came back without it: queued again as a worker fault, or ended.
  virtual absl::Status GiveUp(const v1::AttemptId& attempt, std::string_view why) = 0;

  // The process is gone: FINISHING, with the verdict kept until the last byte is in.
  virtual absl::StatusOr<EndProgress> Exited(const v1::Exited& message) = 0;

  // All artifacts are uploaded; with every source's end held the verdict becomes the state.
  virtual absl::StatusOr<EndProgress> Finished(const v1::Finished& message) = 0;

  // FAILED (INCOMPLETE) for what has been FINISHING since before `before`; answers how many.
  virtual absl::StatusOr<int> GiveUpFinishing(absl::Time before) = 0;

  // As AttemptReads::Find, inside the transaction. NOT_FOUND: no such trial or attempt.
  virtual absl::StatusOr<AttemptStanding> Find(const v1::AttemptId& attempt) = 0;

  // The trials whose latest attempt is `worker`'s and ASSIGNED, RUNNING, STOPPING or LOST.
  virtual absl::StatusOr<std::vector<LiveTrial>> HeldBy(std::string_view worker) = 0;
};

class AttemptReads {
 public:
  virtual ~AttemptReads() = default;

  // NOT_FOUND: no such trial or attempt.
  virtual absl::StatusOr<AttemptStanding> Find(const v1::AttemptId& attempt) = 0;
};

}  // namespace xp::store
