// What the live side goes by (DESIGN section 9); the defaults are the design's. Plain values.
#pragma once

#include <absl/time/time.h>

#include <cstddef>

#include "server/core/lease.h"
#include "server/core/placement.h"
#include "server/core/worker_health.h"

namespace xp::fleet {

struct FleetSettings {
  core::LeaseSettings lease;
  core::PlacementSettings placement;
  core::WorkerHealthSettings health;
  absl::Duration heartbeat = absl::Seconds(15);    // told to workers
  absl::Duration stop_grace = absl::Seconds(120);  // told to workers, where a spec has none
  // FINISHING for longer than this becomes FAILED (INCOMPLETE).
  absl::Duration finishing = absl::Hours(24);
  // A worker whose report met a full disk tries again after this.
  absl::Duration disk_retry = absl::Seconds(5);
  // Messages that wait for one worker; one that reads slower is disconnected and comes back.
  size_t outbox_max = 10'000;
  // The timer looks at the leases at least so often. Below half of `lease.late_check`, or every
  // lease would always begin anew.
  absl::Duration tick = absl::Seconds(5);
};

}  // namespace xp::fleet
