
#include "proto/limits.h"
#include "proto/resource_name.h"
#include "proto/status.h"
#include "server/rpc/answer.h"
#include "server/rpc/services.h"
#include "server/rpc/validate_points.h"
#include "server/store/metric_store.h"
#include "server/store/report_store.h"

namespace xp::rpc {
namespace {

absl::Status CheckTrialName(std::string_view name) {
  return TrialName::Parse("name", name).status();
}

absl::Status Write(const ServerParts& parts, const v1::WritePointsRequest& request,
                   v1::WritePointsResponse* response) {
  XP_RETURN_IF_ERROR(CheckTrialName(request.name()));
  XP_RETURN_IF_ERROR(CheckWritePoints(request));
  return Answer(parts.store.Apply<v1::WritePointsResponse>([&](store::WriteContext& context) {
    return context.reports().WritePoints(request);
  }),
                response);
}

absl::Status History(const ServerParts& parts, const v1::GetHistoryRequest& request,
                     v1::GetHistoryResponse* response) {
  XP_RETURN_IF_ERROR(CheckTrialName(request.name()));
  if (request.max_points() < 0 || request.max_points() > limits::kPointBudgetMax) {
    return absl::InvalidArgumentError(absl::StrCat("max_points: ", request.max_points(),
                                                   " is not in 0 ... ", limits::kPointBudgetMax,
                                                   "; 0 means ", limits::kPointBudgetDefault));
  }
  if (request.has_axis_min() && request.has_axis_max() && request.axis_min() > request.axis_max()) {
    return absl::InvalidArgumentError("axis_min: is greater than axis_max");
  }
  return Answer(parts.store.metrics().GetHistory(request), response);
}

absl::Status Backfill(const ServerParts& parts, const v1::BackfillMetricsRequest& request,
                      const std::function<bool(const v1::BackfillMetricsResponse&)>& send) {
  XP_RETURN_IF_ERROR(CheckName("experiment", request.experiment()));
  if (request.definitions().empty() && request.metrics_preset().empty()) {
    return absl::InvalidArgumentError(
        "definitions: is empty, and so is metrics_preset; say what to extract");
  }
  XP_RETURN_IF_ERROR(parts.check_definitions("definitions", "metrics_preset", request.definitions(),
                                             request.metrics_preset()));
  return parts.run_backfill(request, send);
}

}  // namespace

void AddMetrics(MethodTable* table, const ServerParts& parts) {
  table->AddUnary<v1::WritePointsRequest, v1::WritePointsResponse>(
      "/xp.v1.Metrics/WritePoints", [&parts](CallContext&, const auto& request, auto* response) {
        return Write(parts, request, response);
      });
  table->AddUnary<v1::GetHistoryRequest, v1::GetHistoryResponse>(
      "/xp.v1.Metrics/GetHistory", [&parts](CallContext&, const auto& request, auto* response) {
        return History(parts, request, response);
      });
  table->AddUnary<v1::ListPointsRequest, v1::ListPointsResponse>(
      "/xp.v1.Metrics/ListPoints",
      [&parts](CallContext&, const auto& request, auto* response) -> absl::Status {
        XP_RETURN_IF_ERROR(CheckTrialName(request.name()));
        if (request.metric().empty()) return absl::InvalidArgumentError("metric: is missing");
        return Answer(parts.store.metrics().ListPoints(request), response);
      });
  table->AddUnary<v1::GetReceiptRequest, v1::Receipt>(
      "/xp.v1.Metrics/GetReceipt",
      [&parts](CallContext&, const auto& request, auto* response) -> absl::Status {
        XP_RETURN_IF_ERROR(CheckTrialName(request.name()));
        return Answer(parts.store.metrics().GetReceipt(request), response);
      });
  table->AddServerStream<v1::BackfillMetricsRequest, v1::BackfillMetricsResponse>(
      "/xp.v1.Metrics/BackfillMetrics",
      [&parts](CallContext&, const v1::BackfillMetricsRequest& request, const auto& send) {
        return Backfill(parts, request, send);
      });
}

}  // namespace xp::rpc
