// `--metric NAME=REGEX` and `--preset P` of the command line, checked by the one compile function.
//
// Errors: INVALID_ARGUMENT that names the option. Functions; any thread.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <google/protobuf/repeated_field.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "worker/capture/metric_rules.h"
#include "xp/v1/metrics.pb.h"

namespace xp::xpctl {

struct MetricOptions {
  std::vector<std::string> metrics;  // "NAME=REGEX", split at the first '='
  std::string preset;
};

void DescribeMetricOptions(CLI::App* command, MetricOptions* options);

// At least one definition or a preset must be there.
absl::StatusOr<std::shared_ptr<const capture::MetricRules>> CompileMetricOptions(
    const MetricOptions& options);

absl::Status AddDefinitions(const MetricOptions& options,
                            google::protobuf::RepeatedPtrField<v1::MetricDefinition>* out);

}  // namespace xp::xpctl
