// Who may run which attempt, and until when (DESIGN section 9). Kept in memory only: after a start
// of the server every lease begins anew, since silence counts only while the server could have
// heard.
//
// `now` is always monotonic time since an arbitrary start (xp::Clock::Monotonic), never the wall
// clock. Not thread safe: the writer's thread owns it. The table follows the commit: Check() only
// reports; the caller commits the new states, then calls MarkLost() or Release().
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/time/time.h>

#include <cstddef>
#include <optional>
#include <vector>

#include "server/core/ids.h"

namespace xp::core {

struct LeaseSettings {
  absl::Duration lease = absl::Seconds(60);  // silence that a held attempt may keep
  absl::Duration lost = absl::Minutes(10);   // wait for a lost one before it is queued again
  // A Check() that comes later than this after the one before finds every lease begun anew.
  absl::Duration late_check = absl::Seconds(30);
  // The longest silence that a heartbeat may promise; what is beyond is cut to it.
  absl::Duration longest_promise = absl::Hours(1);
};

class LeaseTable {
 public:
  explicit LeaseTable(LeaseSettings settings = {}) : settings_(settings) {}

  // Begins a lease: at assignment, and for each leased attempt when the server starts. A lease
  // that exists begins anew.
  void Grant(AttemptKey key, absl::Duration now);

  // As Grant, but for a trial that was LOST when the server ended: its wait begins anew.
  void GrantLost(AttemptKey key, absl::Duration now);

  // A sign of life. `silent_for` is a promise: the worker will be silent that long (saving a
  // checkpoint), so the lease runs that much longer. False, and no change, for an attempt that has
  // no lease. A lost lease that is renewed is held again.
  bool Renew(AttemptKey key, absl::Duration now, absl::Duration silent_for = absl::ZeroDuration());

  // The attempt was seen as lost (committed): its wait in LOST begins. No effect without a lease.
  void MarkLost(AttemptKey key, absl::Duration now);

  // The attempt ended, was fenced or is queued again.
  void Release(AttemptKey key);

  struct Due {
    std::vector<AttemptKey> lost;     // silent beyond the lease: to become LOST
    std::vector<AttemptKey> requeue;  // LOST long enough: to be queued again, or to end
    bool began_anew = false;          // this check came late; every lease began anew
  };
  // What is due at `now`, in the order of the keys; the same again until it is marked or released.
  Due Check(absl::Duration now);

  // When the next Check() may find something; nothing when the table is empty. A caller that
  // sleeps longer than `late_check` gives every lease a new life, so sleep at most half of that.
  std::optional<absl::Duration> NextDue() const;

  bool Holds(AttemptKey key) const { return leases_.contains(key); }
  bool IsLost(AttemptKey key) const;
  size_t size() const { return leases_.size(); }
  const LeaseSettings& settings() const { return settings_; }

 private:
  enum class Kind { kHeld, kLost };
  struct Lease {
    Kind kind;
    absl::Duration ends;  // held: silence is too long; lost: the wait is over
  };
  void BeginAnew(absl::Duration now);

  const LeaseSettings settings_;
  absl::flat_hash_map<AttemptKey, Lease> leases_;
  std::optional<absl::Duration> last_check_;
};

}  // namespace xp::core
