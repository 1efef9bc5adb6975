// What silence leads to: LOST after the lease, queued again (or ended) after the wait (a run of
// `xpctl run` stays LOST, as nobody else could run it); and
// FAILED (INCOMPLETE) for what has been FINISHING for a day.
//
// RunOnce is called by one thread at a time (the fleet's).
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/status/status.h>
#include <absl/time/time.h>

#include <string>
#include <string_view>
#include <vector>

#include "server/fleet/fleet_core.h"

namespace xp::fleet {

class LeaseKeeper {
 public:
  // `core` must outlive this object.
  explicit LeaseKeeper(FleetCore& core) : core_(core) {}

  void RunOnce();

  // When RunOnce may next find something, from now; at most `settings.tick`.
  absl::Duration NextDue();

 private:
  struct Silent {
    core::AttemptKey key;
    v1::AttemptId attempt;
    std::string worker;
  };
  enum class Due { kToLose, kToGiveUp };
  std::vector<Silent> Resolve(const std::vector<core::AttemptKey>& keys, Due due)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(core_.mutex);
  void Lose(const Silent& silent);
  void GiveUp(const Silent& silent);
  void GiveUpFinishing();

  // Says what cannot be stored once, not at each try.
  void Tell(const Silent& silent, std::string_view what, const absl::Status& status);

  FleetCore& core_;
  absl::flat_hash_map<std::string, absl::StatusCode> told_;  // by attempt; while it fails
};

}  // namespace xp::fleet
