#include "server/backfill/definitions.h"

#include <vector>

namespace xp::backfill {
namespace {

// Goals have the API's own type there; a number that it does not know is refused by name.
std::string GoalName(v1::Goal goal) {
  switch (goal) {
    case v1::GOAL_UNSPECIFIED:
      return "";
    case v1::GOAL_MINIMIZE:
      return "min";
    case v1::GOAL_MAXIMIZE:
      return "max";
    default:
      return std::to_string(static_cast<int>(goal));
  }
}

}  // namespace

absl::StatusOr<std::shared_ptr<const capture::MetricRules>> CompileDefinitions(
    std::string_view definitions_field, std::string_view preset_field,
    const google::protobuf::RepeatedPtrField<v1::MetricDefinition>& definitions,
    const std::string& preset) {
  std::vector<capture::MetricDefinition> list;
  for (const v1::MetricDefinition& definition : definitions) {
    list.push_back({definition.name(), definition.regex(), GoalName(definition.goal())});
  }
  return capture::CompileMetricRules(list, preset,
                                     {std::string(definitions_field), std::string(preset_field)});
}

absl::Status CheckDefinitions(
    std::string_view definitions_field, std::string_view preset_field,
    const google::protobuf::RepeatedPtrField<v1::MetricDefinition>& definitions,
    const std::string& preset) {
  return CompileDefinitions(definitions_field, preset_field, definitions, preset).status();
}

v1::DefinitionReceipt MakeReceipt(const std::string& label, const capture::RuleCounters& counters) {
  v1::DefinitionReceipt receipt;
  receipt.set_name(label);
  receipt.set_matches(counters.matches);
  receipt.set_numbers(counters.numbers);
  receipt.set_rejected(counters.rejected);
  receipt.set_dropped_beyond_limit(counters.beyond_limits);
  receipt.set_dropped_at_cut(counters.dropped_at_cut);
  receipt.set_fields_rejected(counters.fields_rejected);
  receipt.set_last_sample(counters.last.text);
  receipt.set_rejected_sample(counters.last_rejected.text);
  receipt.set_nearest_line(counters.nearest.line.text);
  for (const std::string& name : counters.dropped_series) receipt.add_dropped_series(name);
  return receipt;
}

}  // namespace xp::backfill
