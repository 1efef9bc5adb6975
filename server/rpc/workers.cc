#include <algorithm>
#include <string>

#include "proto/resource_name.h"
#include "proto/status.h"
#include "server/rpc/answer.h"
#include "server/rpc/services.h"
#include "server/store/attempt_store.h"
#include "server/store/worker_store.h"

namespace xp::rpc {
namespace {

using store::WriteContext;

constexpr size_t kReasonMaxBytes = 1024;

// What is stored of a worker, with what only the live side knows.
absl::Status AnswerLive(const ServerParts& parts, absl::StatusOr<v1::Worker> stored,
                        v1::Worker* response) {
  XP_RETURN_IF_ERROR(Answer(std::move(stored), response));
  parts.fleet.Describe(response);
  return absl::OkStatus();
}

// One that tracked a run which has ended, and could not be forgotten then (the server went down).
bool IsOver(const v1::Worker& worker) {
  return worker.labels().contains(std::string(store::kTrackedRunLabel)) && !worker.connected() &&
         worker.running().empty();
}

absl::Status List(const ServerParts& parts, const v1::ListWorkersRequest& request,
                  v1::ListWorkersResponse* response) {
  XP_RETURN_IF_ERROR(Answer(parts.store.workers().List(request), response));
  for (v1::Worker& worker : *response->mutable_workers()) parts.fleet.Describe(&worker);
  auto& workers = *response->mutable_workers();
  workers.erase(std::remove_if(workers.begin(), workers.end(), IsOver), workers.end());
  return absl::OkStatus();
}

absl::Status Drain(const ServerParts& parts, const v1::DrainWorkerRequest& request,
                   v1::Worker* response) {
  XP_RETURN_IF_ERROR(CheckName("name", request.name()));
  XP_RETURN_IF_ERROR(CheckText("reason", request.reason(), kReasonMaxBytes));
  const std::string reason = request.reason().empty() ? "drained by a user" : request.reason();
  return AnswerLive(parts, parts.store.Apply<v1::Worker>([&](WriteContext& context) {
    return context.workers().Drain(request.name(), reason);
  }),
                    response);
}

absl::Status Undrain(const ServerParts& parts, const v1::UndrainWorkerRequest& request,
                     v1::Worker* response) {
  XP_RETURN_IF_ERROR(CheckName("name", request.name()));
  return AnswerLive(parts, parts.store.Apply<v1::Worker>([&](WriteContext& context) {
    return context.workers().Undrain(request.name());
  }),
                    response);
}

}  // namespace

void AddWorkers(MethodTable* table, const ServerParts& parts) {
  table->AddUnary<v1::ListWorkersRequest, v1::ListWorkersResponse>(
      "/xp.v1.Workers/ListWorkers", [&parts](CallContext&, const auto& request, auto* response) {
        return List(parts, request, response);
      });
  table->AddUnary<v1::GetWorkerRequest, v1::Worker>(
      "/xp.v1.Workers/GetWorker",
      [&parts](CallContext&, const auto& request, auto* response) -> absl::Status {
        XP_RETURN_IF_ERROR(CheckName("name", request.name()));
        return AnswerLive(parts, parts.store.workers().Get(request.name()), response);
      });
  table->AddUnary<v1::DrainWorkerRequest, v1::Worker>(
      "/xp.v1.Workers/DrainWorker", [&parts](CallContext&, const auto& request, auto* response) {
        return Drain(parts, request, response);
      });
  table->AddUnary<v1::UndrainWorkerRequest, v1::Worker>(
      "/xp.v1.Workers/UndrainWorker", [&parts](CallContext&, const auto& request, auto* response) {
        return Undrain(parts, request, response);
      });
}

}  // namespace xp::rpc
