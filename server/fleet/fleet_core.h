// What the parts of the fleet share: the store, the clock, the live state and its lock.
//
// Lock order: `mutex` before an outbox's lock. `mutex` is never held while the store is called,
// since the store's writer takes it, in changes and when it tells of a commit.
#pragma once

#include "proto/clock.h"
#include "proto/mutex.h"
#include "server/fleet/live_state.h"
#include "server/fleet/settings.h"
#include "server/store/store.h"

namespace xp::fleet {

struct FleetCore {
  // Both must outlive this object.
  FleetCore(store::Store& store_in, Clock& clock_in, const FleetSettings& settings_in)
      : store(store_in), clock(clock_in), settings(settings_in), state(settings) {}

  // Constant or self-synchronised.
  store::Store& store;
  Clock& clock;
  const FleetSettings settings;

  Mutex mutex;
  LiveState state ABSL_GUARDED_BY(mutex);
  // Something changed that placement may act on; the fleet's thread looks.
  bool changed ABSL_GUARDED_BY(mutex) = true;
  bool stopping ABSL_GUARDED_BY(mutex) = false;
  CondVar wake;

  void Wake() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    changed = true;
    wake.NotifyAll();
  }
};

}  // namespace xp::fleet
