// The compare table as JSON (docs/commands.md, "compare as JSON"): every statistic of every cell.
// Pure functions.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "xp/v1/metrics.pb.h"

namespace xp::xpctl {

nlohmann::ordered_json CompareJson(const v1::CompareTrialsResponse& response,
                                   const std::string& stat);

// count, min, max, avg, stddev, first, last, nan_count, inf_count, last_time, last_step, min_step,
// max_step; statistics are null when there is no finite value.
nlohmann::ordered_json SummaryJson(const v1::Summary& summary);

}  // namespace xp::xpctl
