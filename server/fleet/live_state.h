// What the server knows of the fleet right now: the trials that have not ended, the workers that
// are connected, the leases. In memory only and always after the store: it is filled from the store
// at the start and follows commits, so it can be thrown away at any moment.
//
// Not thread safe: guarded by FleetCore's mutex. `now` is monotonic time.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>
#include <absl/time/time.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proto/clock.h"
#include "server/core/ids.h"
#include "server/core/lease.h"
#include "server/core/placement.h"
#include "server/core/worker_health.h"
#include "server/fleet/outbox.h"
#include "server/fleet/settings.h"
#include "server/store/live_trial.h"
#include "xp/v1/workers.pb.h"

namespace xp::fleet {

// One connected worker.
struct Session {
  v1::Hello hello;
  std::shared_ptr<Outbox> outbox;
  // False until its Welcome is under way: nothing is assigned, what is to be said waits.
  bool welcomed = false;
  std::vector<v1::ServerMessage> held_back;
  bool drained = false;
  std::string drain_reason;
  bool said_drained = false;      // for this drain, or for good with Hello.once
  absl::Duration last_heard;      // monotonic
  absl::Duration clock_distance;  // its clock minus ours
  // Trials whose newest checkpoint folder may lie there: what it named and what it ran since.
  absl::flat_hash_set<std::string> checkpoints;

  // Sends, or keeps until the worker is welcomed.
  void Say(v1::ServerMessage message);
};

// When its last message came, by the wall clock as it stands now: a jump of that clock moves both.
absl::Time LastHeard(const Session& session, Clock& clock);

class LiveState {
 public:
  explicit LiveState(const FleetSettings& settings)
      : leases(settings.lease), health(settings.health), settings_(settings) {}

  // A trial as a commit left it. Leases follow: granted when an attempt begins, marked when it is
  // lost, released when it is over.
  void Update(const store::LiveTrial& trial, absl::Duration now);
  void Erase(core::TrialId id);

  // Null when it is unknown or has ended.
  const store::LiveTrial* Find(core::TrialId id) const;
  const store::LiveTrial* Find(std::string_view uid) const;
  const std::map<core::TrialId, store::LiveTrial>& trials() const { return trials_; }

  // Queued trials, for placement. `wall` is the server's wall clock: waiting is counted from the
  // stored time, so that it survives a restart.
  std::vector<core::WaitingTrial> Waiting(absl::Time wall) const;
  bool HasWaiting() const { return queued_ > 0; }

  // Connected workers, for placement. Trials of `assigning` count as on their slots already.
  std::vector<core::WorkerView> Workers(absl::Duration now, absl::Time wall) const;

  // Slots that no trial occupies.
  int FreeSlots(const Session& session) const;

  // Trials that occupy slots of `worker`, or (FINISHING) still send it their last bytes.
  std::vector<const store::LiveTrial*> HeldBy(std::string_view worker) const;

  // The connected worker, or null.
  Session* FindSession(std::string_view worker);
  const Session* FindSession(std::string_view worker) const;

  std::map<std::string, std::shared_ptr<Session>, std::less<>> sessions;  // by worker
  core::LeaseTable leases;
  core::WorkerHealth health;

 private:
  absl::flat_hash_set<int> BusySlots(std::string_view worker) const;
  // Who holds the newest checkpoint folder of a trial that ran before: its last worker, unless that
  // one has none (it never began) and another has; empty for a first attempt.
  std::string CheckpointWorker(const store::LiveTrial& trial) const;

  const FleetSettings& settings_;
  std::map<core::TrialId, store::LiveTrial> trials_;
  absl::flat_hash_map<std::string, core::TrialId> by_uid_;
  size_t queued_ = 0;
};

// True while the attempt occupies its worker's slots.
bool OccupiesSlots(core::TrialState state);

v1::AttemptId ToAttemptId(const store::LiveTrial& trial);
v1::ServerMessage StopMessage(const store::LiveTrial& trial);

}  // namespace xp::fleet
