// Why a trial waits, where it runs, why it was restarted: words for `xpctl why` out of the live
// state, the placement rules and the trial's history.
#pragma once

#include <absl/status/statusor.h>

#include <string_view>

#include "server/fleet/fleet_core.h"
#include "xp/v1/trials.pb.h"

namespace xp::fleet {

// NOT_FOUND: no such trial.
absl::StatusOr<v1::ExplainTrialResponse> Explain(FleetCore& core, std::string_view name);

}  // namespace xp::fleet
