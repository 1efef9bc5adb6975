// The one place where a trial's state changes: asks core/trial_state, sets the times that go with
// the new state, and adds the event that `xpctl why` shows.
#pragma once

#include <absl/status/status.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "server/core/trial_state.h"
#include "server/store/experiment_store.h"
#include "server/store/sqlite/trial_row.h"
#include "server/store/sqlite/write_session.h"

namespace xp::store {

// Changes `row` (the caller saves it). FAILED_PRECONDITION where the table has no entry. `why` is
// for people; empty adds no event when the state stays.
absl::Status Transition(WriteSession& session, TrialRow& row, core::TrialEvent event,
                        std::string_view why);

// An event without a change of state. The last 1,000 of a trial are kept.
absl::Status AddEvent(WriteSession& session, const TrialRow& row, int32_t attempt,
                      std::string_view message);

// Hides the trial and frees its name; the rest goes in the background. FAILED_PRECONDITION as
// DeletePolicy says.
absl::Status MarkDeleted(WriteSession& session, const TrialRow& row, DeletePolicy policy);

}  // namespace xp::store
