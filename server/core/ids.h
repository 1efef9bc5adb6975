// Small value types for the words of the design, so that a trial's number is never taken for an
// attempt's. Plain data; safe from any thread.
#pragma once

#include <compare>
#include <cstdint>
#include <utility>

namespace xp::core {

// The store's number of a trial: unique for the life of a database, never used twice.
struct TrialId {
  int64_t value = 0;

  friend auto operator<=>(const TrialId&, const TrialId&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const TrialId& id) {
    return H::combine(std::move(h), id.value);
  }
};

// One execution of a trial: `attempt` is 1, 2, 3 … and is the fencing token (DESIGN section 4,
// rule 3). 0 means that the trial was never assigned.
struct AttemptKey {
  TrialId trial;
  int32_t attempt = 0;

  friend auto operator<=>(const AttemptKey&, const AttemptKey&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const AttemptKey& key) {
    return H::combine(std::move(h), key.trial, key.attempt);
  }
};

}  // namespace xp::core
