#include "server/core/lease.h"

#include <algorithm>

namespace xp::core {

void LeaseTable::Grant(AttemptKey key, absl::Duration now) {
  leases_[key] = {Kind::kHeld, now + settings_.lease};
}

void LeaseTable::GrantLost(AttemptKey key, absl::Duration now) {
  leases_[key] = {Kind::kLost, now + settings_.lost};
}

bool LeaseTable::Renew(AttemptKey key, absl::Duration now, absl::Duration silent_for) {
  const auto lease = leases_.find(key);
  if (lease == leases_.end()) return false;
  const absl::Duration promised =
      std::clamp(silent_for, absl::ZeroDuration(), settings_.longest_promise);
  lease->second = {Kind::kHeld, now + settings_.lease + promised};
  return true;
}

void LeaseTable::MarkLost(AttemptKey key, absl::Duration now) {
  const auto lease = leases_.find(key);
  if (lease != leases_.end()) lease->second = {Kind::kLost, now + settings_.lost};
}

void LeaseTable::Release(AttemptKey key) { leases_.erase(key); }

LeaseTable::Due LeaseTable::Check(absl::Duration now) {
  Due due;
  if (last_check_.has_value() && now - *last_check_ > settings_.late_check) {
    BeginAnew(now);
    due.began_anew = true;
  }
  last_check_ = now;
  for (const auto& [key, lease] : leases_) {
    if (lease.ends > now) continue;
    (lease.kind == Kind::kHeld ? due.lost : due.requeue).push_back(key);
  }
  std::sort(due.lost.begin(), due.lost.end());
  std::sort(due.requeue.begin(), due.requeue.end());
  return due;
}

std::optional<absl::Duration> LeaseTable::NextDue() const {
  std::optional<absl::Duration> next;
  for (const auto& [key, lease] : leases_) {
    if (!next.has_value() || lease.ends < *next) next = lease.ends;
  }
  return next;
}

bool LeaseTable::IsLost(AttemptKey key) const {
  const auto lease = leases_.find(key);
  return lease != leases_.end() && lease->second.kind == Kind::kLost;
}

void LeaseTable::BeginAnew(absl::Duration now) {
  for (auto& [key, lease] : leases_) {
    const absl::Duration whole = lease.kind == Kind::kHeld ? settings_.lease : settings_.lost;
    // A promise of longer silence is kept.
    lease.ends = std::max(lease.ends, now + whole);
  }
}

}  // namespace xp::core
