#include "client/xpctl/run/run_request.h"

namespace xp::xpctl {

v1::SubmitExperimentRequest SubmitRequestOf(const RunRecord& record) {
  v1::SubmitExperimentRequest request;
  request.mutable_experiment()->set_name(record.experiment);
  request.set_request_id("run-" + record.id);
  v1::Trial& trial = *request.add_trials();
  trial.set_name(record.trial);
  v1::TrialSpec& spec = *trial.mutable_spec();
  for (const std::string& argument : record.command) spec.add_command(argument);
  for (const capture::MetricDefinition& metric : record.metrics) {
    v1::MetricDefinition& definition = *spec.add_metric_definitions();
    definition.set_name(metric.name);
    definition.set_regex(metric.regex);
  }
  spec.set_metrics_preset(record.preset);
  spec.set_source_git_commit(record.git_commit);
  spec.set_source_git_diff_sha256(record.git_diff_sha256);
  (*spec.mutable_resources()->mutable_labels())[kRunLabel] = record.id;
  return request;
}

}  // namespace xp::xpctl
