// Turns the queue into assignments: plans (core/placement), stores each assignment, and only then
// pushes it down the worker's stream.
//
// RunOnce is called by one thread at a time (the fleet's), so one plan never races another.
#pragma once

#include <vector>

#include "server/core/placement.h"
#include "server/fleet/fleet_core.h"
#include "server/store/attempt_store.h"

namespace xp::fleet {

class Dispatcher {
 public:
  // `core` must outlive this object.
  explicit Dispatcher(FleetCore& core) : core_(core) {}

  // Assigns what fits now; answers how many were assigned.
  int RunOnce();

 private:
  // An assignment on its way through the store.
  struct Pending {
    store::AssignRequest request;
    std::shared_ptr<Session> session;  // for which it was planned
    absl::StatusOr<v1::Assignment> stored = absl::UnknownError("not stored");
  };

  std::vector<Pending> Plan();
  store::AssignRequest MakeRequest(const core::Assignment& planned, const store::LiveTrial& trial,
                                   const Session& session);
  void Store(std::vector<Pending>* pending);
  void Push(Pending& pending);
  // With Hello.once: tells workers that have nothing left to do.
  void SayDrained();

  FleetCore& core_;
};

}  // namespace xp::fleet
