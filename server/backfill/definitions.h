// From the API's metric definitions to rules that can be run: the server's door to the one compile
// function in worker/capture, for submit validation and for backfill. Pure; safe from any thread.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <google/protobuf/repeated_field.h>

#include <memory>
#include <string>
#include <string_view>

#include "worker/capture/metric_rules.h"
#include "worker/capture/rule_counters.h"
#include "xp/v1/metrics.pb.h"

namespace xp::backfill {

// INVALID_ARGUMENT: the message begins with the field's path under `definitions_field` (such as
// "trials[0].spec.metric_definitions") or with `preset_field`.
absl::StatusOr<std::shared_ptr<const capture::MetricRules>> CompileDefinitions(
    std::string_view definitions_field, std::string_view preset_field,
    const google::protobuf::RepeatedPtrField<v1::MetricDefinition>& definitions,
    const std::string& preset);

// The same for those who only want to know; server/rpc is given it by main (xp::CheckDefinitions).
absl::Status CheckDefinitions(
    std::string_view definitions_field, std::string_view preset_field,
    const google::protobuf::RepeatedPtrField<v1::MetricDefinition>& definitions,
    const std::string& preset);

// What one rule has seen, as receipts tell it. The revision is left to the caller.
v1::DefinitionReceipt MakeReceipt(const std::string& label, const capture::RuleCounters& counters);

}  // namespace xp::backfill
