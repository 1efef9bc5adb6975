// The server's figures in Prometheus' text form (exposition format 0.0.4). Pure.
#pragma once

#include <string>

#include "xp/v1/admin.pb.h"

namespace xp::http {

// Names begin with "xp_"; sizes are in bytes, times in seconds, counters end in "_total".
std::string PrometheusText(const v1::Stats& stats);

}  // namespace xp::http
