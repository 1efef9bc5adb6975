#include "proto/limits.h"
#include "proto/resource_name.h"
#include "proto/status.h"
#include "server/rpc/answer.h"
#include "server/rpc/services.h"
#include "server/store/trial_store.h"

namespace xp::rpc {
namespace {

using store::WriteContext;

absl::Status CheckTrialName(std::string_view field, std::string_view name) {
  return TrialName::Parse(field, name).status();
}

absl::Status Create(const ServerParts& parts, const v1::CreateTrialRequest& request,
                    v1::Trial* response) {
  XP_RETURN_IF_ERROR(CheckRequestId(request.request_id()));
  XP_RETURN_IF_ERROR(CheckName("experiment", request.experiment()));
  XP_RETURN_IF_ERROR(CheckName("trial_id", request.trial_id()));
  XP_RETURN_IF_ERROR(CheckTrialFields("trial", request.trial(), parts.check_definitions));
  return Answer(parts.store.Apply<v1::Trial>(
                    [&](WriteContext& context) { return context.trials().Create(request); }),
                response);
}

absl::Status Update(const ServerParts& parts, const v1::UpdateTrialRequest& request,
                    v1::Trial* response) {
  XP_RETURN_IF_ERROR(CheckTrialName("trial.name", request.trial().name()));
  XP_RETURN_IF_ERROR(CheckTags("trial.tags", request.trial().tags()));
  XP_RETURN_IF_ERROR(
      CheckText("trial.notes", request.trial().notes(), limits::kDescriptionMaxLength));
  return Answer(parts.store.Apply<v1::Trial>(
                    [&](WriteContext& context) { return context.trials().Update(request); }),
                response);
}

absl::Status Delete(const ServerParts& parts, const v1::DeleteTrialRequest& request) {
  XP_RETURN_IF_ERROR(CheckTrialName("name", request.name()));
  const auto policy =
      request.force() ? store::DeletePolicy::kAlsoRunning : store::DeletePolicy::kOnlyEnded;
  return parts.store.Apply(
      [&](WriteContext& context) { return context.trials().Delete(request.name(), policy); });
}

absl::Status Stop(const ServerParts& parts, const v1::StopTrialRequest& request,
                  v1::Trial* response) {
  XP_RETURN_IF_ERROR(CheckTrialName("name", request.name()));
  return Answer(parts.store.Apply<v1::Trial>([&](WriteContext& context) {
    return context.trials().Stop(request.name(), core::StopReason::kUser);
  }),
                response);
}

absl::Status Retry(const ServerParts& parts, const v1::RetryTrialRequest& request,
                   v1::Trial* response) {
  XP_RETURN_IF_ERROR(CheckTrialName("name", request.name()));
  XP_RETURN_IF_ERROR(CheckRequestId(request.request_id()));
  return Answer(parts.store.Apply<v1::Trial>(
                    [&](WriteContext& context) { return context.trials().Retry(request); }),
                response);
}

void AddReads(MethodTable* table, const ServerParts& parts) {
  table->AddUnary<v1::GetTrialRequest, v1::Trial>(
      "/xp.v1.Trials/GetTrial",
      [&parts](CallContext&, const auto& request, auto* response) -> absl::Status {
        XP_RETURN_IF_ERROR(CheckTrialName("name", request.name()));
        return Answer(parts.store.trials().Get(request.name()), response);
      });
  table->AddUnary<v1::ListTrialsRequest, v1::ListTrialsResponse>(
      "/xp.v1.Trials/ListTrials", [&parts](CallContext&, const auto& request, auto* response) {
        return Answer(parts.store.trials().List(request), response);
      });
  table->AddUnary<v1::ListAttemptsRequest, v1::ListAttemptsResponse>(
      "/xp.v1.Trials/ListAttempts",
      [&parts](CallContext&, const auto& request, auto* response) -> absl::Status {
        XP_RETURN_IF_ERROR(CheckTrialName("name", request.name()));
        return Answer(parts.store.trials().ListAttempts(request), response);
      });
  table->AddUnary<v1::ExplainTrialRequest, v1::ExplainTrialResponse>(
      "/xp.v1.Trials/ExplainTrial",
      [&parts](CallContext&, const auto& request, auto* response) -> absl::Status {
        XP_RETURN_IF_ERROR(CheckTrialName("name", request.name()));
        return Answer(parts.fleet.Explain(request.name()), response);
      });
}

}  // namespace

void AddTrials(MethodTable* table, const ServerParts& parts) {
  AddReads(table, parts);
  table->AddUnary<v1::CreateTrialRequest, v1::Trial>(
      "/xp.v1.Trials/CreateTrial", [&parts](CallContext&, const auto& request, auto* response) {
        return Create(parts, request, response);
      });
  table->AddUnary<v1::UpdateTrialRequest, v1::Trial>(
      "/xp.v1.Trials/UpdateTrial", [&parts](CallContext&, const auto& request, auto* response) {
        return Update(parts, request, response);
      });
  table->AddUnary<v1::DeleteTrialRequest, v1::DeleteTrialResponse>(
      "/xp.v1.Trials/DeleteTrial",
      [&parts](CallContext&, const auto& request, auto*) { return Delete(parts, request); });
  table->AddUnary<v1::StopTrialRequest, v1::Trial>(
      "/xp.v1.Trials/StopTrial", [&parts](CallContext&, const auto& request, auto* response) {
        return Stop(parts, request, response);
      });
  table->AddUnary<v1::RetryTrialRequest, v1::Trial>(
      "/xp.v1.Trials/RetryTrial", [&parts](CallContext&, const auto& request, auto* response) {
        return Retry(parts, request, response);
      });
}

}  // namespace xp::rpc
