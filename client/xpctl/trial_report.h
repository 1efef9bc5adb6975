// Trials as tables and as JSON (docs/commands.md): what trials, show, watch and the acts print.
// Pure functions.
#pragma once

#include <absl/time/time.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "client/xpctl/session.h"
#include "xp/v1/trials.pb.h"

namespace xp::xpctl {

nlohmann::ordered_json TrialJson(const v1::Trial& trial);

// One row per trial: name, state, attempt, worker, duration, message.
Report TrialsReport(const std::vector<v1::Trial>& trials, absl::Time now);

// Everything about one trial, line by line.
Report TrialReport(const v1::Trial& trial, absl::TimeZone zone, absl::Time now);

}  // namespace xp::xpctl
