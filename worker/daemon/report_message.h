// From what capture finds to what the server is sent. Pure functions; safe from any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "worker/capture/arrival_times.h"
#include "worker/capture/metrics_file.h"
#include "worker/capture/report_cut.h"
#include "xp/v1/workers.pb.h"

namespace xp::daemon {

// `bytes` are those of [from, to).
v1::Report LogReportMessage(const capture::Report& report, std::string_view bytes,
                            const capture::ArrivalTimes& times, const capture::MetricRules& rules);

v1::Report MetricsReportMessage(const capture::MetricsReport& report, std::string_view bytes,
                                const capture::ArrivalTimes& times, int generation);

}  // namespace xp::daemon
