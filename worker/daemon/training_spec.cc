#include "worker/daemon/training_spec.h"

#include <absl/strings/match.h>

#include <utility>

#include "proto/resource_name.h"
#include "proto/status.h"
#include "worker/daemon/proto_time.h"
#include "worker/runner/training_environment.h"

namespace xp::daemon {
namespace {

runner::ParamKind KindOf(const v1::Param& param) {
  switch (param.kind()) {
    case v1::PARAM_KIND_NUMBER:
      return runner::ParamKind::kNumber;
    case v1::PARAM_KIND_BOOL:
      return param.text() == "true" ? runner::ParamKind::kTrue : runner::ParamKind::kFalse;
    case v1::PARAM_KIND_NULL:
      return runner::ParamKind::kNull;
    case v1::PARAM_KIND_JSON:
      return absl::StartsWith(param.text(), "{") ? runner::ParamKind::kMap
                                                 : runner::ParamKind::kList;
    default:
      return runner::ParamKind::kString;
  }
}

}  // namespace

absl::Duration GraceOf(const v1::TrialSpec& spec, absl::Duration absent) {
  return spec.has_stop_grace() ? FromProto(spec.stop_grace()) : absent;
}

absl::StatusOr<TrainingSpec> MakeTrainingSpec(const v1::Assignment& assignment,
                                              const AttemptPaths& paths, const Workspace& workspace,
                                              const TrainingMachine& machine) {
  const v1::TrialSpec& spec = assignment.spec();
  XP_ASSIGN_OR_RETURN(const TrialName name,
                      TrialName::Parse("trial_name", assignment.trial_name()));
  std::vector<runner::Param> params;
  for (const v1::Param& param : spec.params()) {
    params.push_back({.key = param.key(), .kind = KindOf(param), .text = param.text()});
  }
  const auto append = !spec.has_append_params() || spec.append_params() ? runner::AppendParams::kYes
                                                                        : runner::AppendParams::kNo;
  XP_ASSIGN_OR_RETURN(
      runner::CommandLine line,
      runner::BuildCommandLine({spec.command().begin(), spec.command().end()}, params, append));

  runner::TrainingContext context{.experiment = name.experiment,
                                  .trial = name.trial,
                                  .attempt = assignment.attempt().number(),
                                  .server = machine.server,
                                  .params = std::move(params),
                                  .input_dir = paths.Inputs(),
                                  .source_dir = paths.Work(),
                                  .output_dir = paths.Output(),
                                  .model_dir = paths.Model(),
                                  .checkpoint_dir = workspace.checkpoint_dir,
                                  .metrics_file = paths.MetricsFile(),
                                  .cpus = machine.cpus,
                                  .user_args = line.appended};
  for (const v1::InputChannel& input : spec.inputs()) {
    context.inputs.emplace_back(input.name(), paths.Inputs() + "/" + input.name());
  }
  for (const int index : assignment.slots()) {
    for (const v1::Slot& slot : machine.slots) {
      if (slot.index() == index && slot.kind() == v1::SLOT_KIND_GPU) {
        context.gpus.push_back(slot.device());
      }
    }
  }
  for (const auto& [variable, value] : spec.env()) context.env.emplace_back(variable, value);
  XP_ASSIGN_OR_RETURN(std::vector<std::string> environment,
                      runner::BuildEnvironment(context, machine.inherited));

  TrainingSpec training{.runner = {.argv = std::move(line.argv),
                                   .env = std::move(environment),
                                   .working_dir = paths.Work(),
                                   .grace = GraceOf(spec, machine.default_grace)},
                        .notes = std::move(line.notes)};
  if (assignment.has_time_left()) training.runner.time_limit = FromProto(assignment.time_left());
  return training;
}

}  // namespace xp::daemon
