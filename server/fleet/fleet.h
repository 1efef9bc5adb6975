// The live side of the server: connected workers, leases, and the queue that turns into
// assignments the moment a trial and fitting slots exist (DESIGN section 9). Owns no SQL and no
// gRPC types; rpc/work_stream brings it the workers' messages, the store the commits.
//
// Memory follows the commit: every change of a trial goes through the store, and what the fleet
// knows is what the listener was told. The protocol: docs/work-stream.md.
//
// Safe from any thread. Start and Stop once each.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <memory>
#include <string_view>
#include <thread>

#include "server/fleet/dispatcher.h"
#include "server/fleet/fleet_core.h"
#include "server/fleet/lease_keeper.h"
#include "server/fleet/worker_session.h"
#include "server/store/commit_listener.h"
#include "xp/v1/trials.pb.h"
#include "xp/v1/workers.pb.h"

namespace xp::fleet {

class Fleet final : public store::CommitListener {
 public:
  // `store` and `clock` must outlive this object.
  Fleet(store::Store& store, Clock& clock, const FleetSettings& settings);
  ~Fleet() override;

  // Reads the trials that have not ended (every lease begins anew) and listens to commits.
  absl::Status Load();

  // Load, then a thread that works until Stop. Tests that keep the time themselves call Load and
  // RunOnce instead.
  absl::Status Start();

  // Ends every stream with UNAVAILABLE and joins the thread. What runs on workers goes on.
  void Stop();

  // What is due now: leases, the queue. Commits its changes before it returns.
  void RunOnce();

  // A worker's stream begins. Ends an older stream of the same name (ABORTED), settles what the
  // worker holds and puts Welcome first into `outbox`. INVALID_ARGUMENT: a malformed Hello, naming
  // the field. UNAVAILABLE: the store cannot be written, or the server is stopping.
  absl::StatusOr<std::unique_ptr<WorkerSession>> Connect(const v1::Hello& hello,
                                                         std::shared_ptr<Outbox> outbox);

  // Adds to a worker what only the live side knows: connected, running, last_seen_time,
  // clock_distance, free_slots.
  void Describe(v1::Worker* worker);
  int ConnectedWorkers();

  // Why a trial waits, where it runs, why it was restarted. NOT_FOUND.
  absl::StatusOr<v1::ExplainTrialResponse> Explain(std::string_view name);

  void OnCommit(const store::CommittedChanges& changes) override;

 private:
  void Loop();

  FleetCore core_;
  Dispatcher dispatcher_;
  LeaseKeeper lease_keeper_;
  bool listening_ = false;  // Load was called; Load and Stop are not called at once
  std::thread thread_;
};

}  // namespace xp::fleet
