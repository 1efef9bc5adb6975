#include "client/xpctl/spec/trial_message.h"

namespace xp::xpctl {
namespace {

void SetDuration(absl::Duration duration, google::protobuf::Duration* out) {
  const int64_t ms = absl::ToInt64Milliseconds(duration);
  out->set_seconds(ms / 1000);
  out->set_nanos(static_cast<int32_t>(ms % 1000 * 1'000'000));
}

void SetInput(const SpecInput& from, v1::InputChannel* input) {
  switch (from.kind) {
    case SpecInput::Kind::kDataset:
      input->set_dataset(from.text);
      break;
    case SpecInput::Kind::kWorkerPath:
      input->set_worker_path(from.text);
      break;
    case SpecInput::Kind::kLocal:
      break;
  }
}

}  // namespace

void ExperimentMessage(const SpecFile& from, v1::Experiment* experiment) {
  experiment->set_name(from.experiment);
  experiment->set_description(from.description);
  experiment->set_rank_by(from.rank_by);
  experiment->set_notes(from.notes);
  experiment->mutable_tags()->insert(from.tags.begin(), from.tags.end());
}

void TrialMessage(const SpecTrial& from, v1::Trial* trial) {
  const TrialSection& section = from.section;
  trial->set_name(from.name);
  trial->mutable_tags()->insert(section.tags.begin(), section.tags.end());
  trial->set_notes(section.notes.value_or(""));
  trial->set_priority(static_cast<int32_t>(section.priority.value_or(0)));
  v1::TrialSpec& spec = *trial->mutable_spec();
  if (section.command)
    spec.mutable_command()->Assign(section.command->begin(), section.command->end());
  for (const v1::Param& param : section.params) *spec.add_params() = param;
  if (section.append_params) spec.set_append_params(*section.append_params);
  spec.mutable_env()->insert(section.env.begin(), section.env.end());
  if (section.metrics) {
    for (const v1::MetricDefinition& metric : *section.metrics) {
      *spec.add_metric_definitions() = metric;
    }
  }
  spec.set_metrics_preset(section.metrics_preset.value_or(""));
  for (const auto& [channel, input] : section.inputs) {
    v1::InputChannel& out = *spec.add_inputs();
    out.set_name(channel);
    SetInput(input, &out);
  }
  v1::Resources& resources = *spec.mutable_resources();
  resources.set_gpus(static_cast<int32_t>(section.gpus.value_or(0)));
  resources.set_gpu_memory_bytes(section.gpu_memory.value_or(0));
  resources.mutable_labels()->insert(section.labels.begin(), section.labels.end());
  if (section.timeout) SetDuration(*section.timeout, spec.mutable_timeout());
  spec.set_retries(static_cast<int32_t>(section.retries.value_or(0)));
  spec.set_resume(section.resume.value_or(false));
  if (section.stop_grace) SetDuration(*section.stop_grace, spec.mutable_stop_grace());
  spec.set_checkpoint_dir(section.checkpoint_dir.value_or(""));
}

}  // namespace xp::xpctl
