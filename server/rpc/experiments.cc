#include "proto/resource_name.h"
#include "proto/status.h"
#include "server/rpc/answer.h"
#include "server/rpc/services.h"
#include "server/store/experiment_store.h"

namespace xp::rpc {
namespace {

using store::WriteContext;

absl::Status Submit(const ServerParts& parts, const v1::SubmitExperimentRequest& request,
                    v1::SubmitExperimentResponse* response) {
  XP_RETURN_IF_ERROR(CheckSubmit(request, parts.check_definitions));
  return Answer(parts.store.Apply<v1::SubmitExperimentResponse>(
                    [&](WriteContext& context) { return context.experiments().Submit(request); }),
                response);
}

absl::Status Create(const ServerParts& parts, const v1::CreateExperimentRequest& request,
                    v1::Experiment* response) {
  XP_RETURN_IF_ERROR(CheckRequestId(request.request_id()));
  XP_RETURN_IF_ERROR(CheckName("experiment_id", request.experiment_id()));
  XP_RETURN_IF_ERROR(CheckExperimentFields("experiment", request.experiment()));
  return Answer(parts.store.Apply<v1::Experiment>(
                    [&](WriteContext& context) { return context.experiments().Create(request); }),
                response);
}

absl::Status Update(const ServerParts& parts, const v1::UpdateExperimentRequest& request,
                    v1::Experiment* response) {
  XP_RETURN_IF_ERROR(CheckName("experiment.name", request.experiment().name()));
  XP_RETURN_IF_ERROR(CheckExperimentFields("experiment", request.experiment()));
  return Answer(parts.store.Apply<v1::Experiment>(
                    [&](WriteContext& context) { return context.experiments().Update(request); }),
                response);
}

absl::Status Delete(const ServerParts& parts, const v1::DeleteExperimentRequest& request) {
  XP_RETURN_IF_ERROR(CheckName("name", request.name()));
  const auto policy =
      request.force() ? store::DeletePolicy::kAlsoRunning : store::DeletePolicy::kOnlyEnded;
  return parts.store.Apply(
      [&](WriteContext& context) { return context.experiments().Delete(request.name(), policy); });
}

}  // namespace

void AddExperiments(MethodTable* table, const ServerParts& parts) {
  table->AddUnary<v1::SubmitExperimentRequest, v1::SubmitExperimentResponse>(
      "/xp.v1.Experiments/SubmitExperiment",
      [&parts](CallContext&, const auto& request, auto* response) {
        return Submit(parts, request, response);
      });
  table->AddUnary<v1::CreateExperimentRequest, v1::Experiment>(
      "/xp.v1.Experiments/CreateExperiment",
      [&parts](CallContext&, const auto& request, auto* response) {
        return Create(parts, request, response);
      });
  table->AddUnary<v1::GetExperimentRequest, v1::Experiment>(
      "/xp.v1.Experiments/GetExperiment",
      [&parts](CallContext&, const auto& request, auto* response) -> absl::Status {
        XP_RETURN_IF_ERROR(CheckName("name", request.name()));
        return Answer(parts.store.experiments().Get(request.name()), response);
      });
  table->AddUnary<v1::ListExperimentsRequest, v1::ListExperimentsResponse>(
      "/xp.v1.Experiments/ListExperiments",
      [&parts](CallContext&, const auto& request, auto* response) {
        return Answer(parts.store.experiments().List(request), response);
      });
  table->AddUnary<v1::UpdateExperimentRequest, v1::Experiment>(
      "/xp.v1.Experiments/UpdateExperiment",
      [&parts](CallContext&, const auto& request, auto* response) {
        return Update(parts, request, response);
      });
  table->AddUnary<v1::DeleteExperimentRequest, v1::DeleteExperimentResponse>(
      "/xp.v1.Experiments/DeleteExperiment",
      [&parts](CallContext&, const auto& request, auto*) { return Delete(parts, request); });
}

}  // namespace xp::rpc
