// One worker's stream, seen from the live side: takes what the worker says, stores it, answers
// through the outbox. Made by Fleet::Connect.
//
// Used by the one thread that reads the stream, in the order sent. What concerns one attempt is
// answered to that attempt alone (Refused) and leaves the stream alive; only what makes the stream
// useless ends it. The fleet must outlive it.
#pragma once

#include <absl/status/status.h>

#include <memory>
#include <string>

#include "server/fleet/fleet_core.h"
#include "xp/v1/workers.pb.h"

namespace xp::fleet {

class WorkerSession {
 public:
  WorkerSession(FleetCore& core, std::shared_ptr<Session> session);
  // The stream has ended. What the worker runs stays its own until the leases run out.
  ~WorkerSession();
  WorkerSession(const WorkerSession&) = delete;
  WorkerSession& operator=(const WorkerSession&) = delete;

  // Not OK: end the stream with it. ABORTED: a newer stream of this worker has begun;
  // INVALID_ARGUMENT: a message that is none, or a second Hello; UNAVAILABLE: the store.
  absl::Status Handle(const v1::WorkerMessage& message);

  const std::string& worker() const { return session_->hello.worker(); }

 private:
  absl::Status OnReport(const v1::Report& report);
  absl::Status OnExited(const v1::Exited& exited);
  void DrainIfSick(store::WriteContext& context, const core::WorkerHealth::End& end);
  absl::Status OnHeartbeat(const v1::Heartbeat& heartbeat);
  // A heartbeat names an attempt that is LOST, queued again, or none that is known to be held.
  absl::Status OnReturned(const v1::AttemptId& attempt);

  // Stores a change about one attempt: OK when stored or refused (the worker was told), else the
  // error that ends the stream.
  absl::Status Store(const v1::AttemptId& attempt, store::Change change);
  absl::Status CheckOurs(const v1::AttemptId& attempt);
  absl::Status RefuseOrEnd(const v1::AttemptId& attempt, const absl::Status& status);
  void Say(v1::ServerMessage message);

  FleetCore& core_;
  const std::shared_ptr<Session> session_;
};

}  // namespace xp::fleet
