// `metrics` and `metrics_preset` of a section, checked by the same compile function that the worker
// runs, so that a bad regex is told with its line before anything is sent.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/xpctl/spec/map_reader.h"
#include "xp/v1/metrics.pb.h"

namespace xp::xpctl {

std::optional<std::vector<v1::MetricDefinition>> ReadMetrics(MapReader* map, SpecErrors* errors);
std::optional<std::string> ReadMetricsPreset(MapReader* map, SpecErrors* errors);

}  // namespace xp::xpctl
