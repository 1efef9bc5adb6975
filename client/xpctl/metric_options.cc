#include "client/xpctl/metric_options.h"

#include "proto/status.h"

namespace xp::xpctl {
namespace {

absl::StatusOr<capture::MetricDefinition> Parse(const std::string& text) {
  const size_t equals = text.find('=');
  if (equals == text.npos || equals == 0) {
    return absl::InvalidArgumentError("--metric: \"" + text +
                                      "\" has no NAME=; write e.g. --metric 'f1=f1: ([0-9.]+)'");
  }
  return capture::MetricDefinition{text.substr(0, equals), text.substr(equals + 1), ""};
}

}  // namespace

void DescribeMetricOptions(CLI::App* command, MetricOptions* options) {
  command
      ->add_option("--metric,-m", options->metrics,
                   "NAME=REGEX; the value is the group `value` or the first one (may be repeated)")
      ->allow_extra_args(false)
      ->take_all();
  command->add_option("--preset", options->preset, "huggingface, key-value or json-lines");
}

absl::StatusOr<std::shared_ptr<const capture::MetricRules>> CompileMetricOptions(
    const MetricOptions& options) {
  if (options.metrics.empty() && options.preset.empty()) {
    return absl::InvalidArgumentError("give at least one --metric NAME=REGEX or a --preset");
  }
  std::vector<capture::MetricDefinition> definitions;
  for (const std::string& text : options.metrics) {
    XP_ASSIGN_OR_RETURN(capture::MetricDefinition definition, Parse(text));
    definitions.push_back(std::move(definition));
  }
  capture::RuleFields fields;
  fields.metrics = "--metric";
  fields.preset = "--preset";
  return capture::CompileMetricRules(definitions, options.preset, fields);
}

absl::Status AddDefinitions(const MetricOptions& options,
                            google::protobuf::RepeatedPtrField<v1::MetricDefinition>* out) {
  for (const std::string& text : options.metrics) {
    XP_ASSIGN_OR_RETURN(const capture::MetricDefinition definition, Parse(text));
    v1::MetricDefinition& added = *out->Add();
    added.set_name(definition.name);
    added.set_regex(definition.regex);
  }
  return absl::OkStatus();
}

}  // namespace xp::xpctl
