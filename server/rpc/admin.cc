#include <string>

#include "proto/limits.h"
#include "proto/status.h"
#include "server/fleet/convert.h"
#include "server/rpc/answer.h"
#include "server/rpc/services.h"
#include "server/store/admin_store.h"

namespace xp::rpc {
namespace {

absl::Status BackUp(const ServerParts& parts, CallContext& context,
                    const std::function<bool(const v1::BackUpResponse&)>& send) {
  bool first = true;
  return parts.store.admin().BackUp(
      [&](std::string_view bytes, uint64_t total_bytes) -> absl::Status {
        // The sink may hand over more than one message carries.
        for (size_t at = 0; at < bytes.size(); at += limits::kBlobChunkBytes) {
          v1::BackUpResponse response;
          response.set_data(std::string(bytes.substr(at, limits::kBlobChunkBytes)));
          if (first) response.set_total_bytes(total_bytes);
          first = false;
          if (context.IsCancelled() || !send(response)) {
            return absl::CancelledError("the caller is gone");
          }
        }
        return absl::OkStatus();
      });
}

}  // namespace

absl::StatusOr<v1::Stats> LiveStats(const ServerParts& parts) {
  XP_ASSIGN_OR_RETURN(v1::Stats stats, parts.store.admin().GetStats());
  stats.set_version(XP_VERSION);
  *stats.mutable_start_time() = fleet::ToProto(parts.start_time);
  stats.set_workers_connected(parts.fleet.ConnectedWorkers());
  return stats;
}

void AddAdmin(MethodTable* table, const ServerParts& parts) {
  table->AddUnary<v1::GetStatsRequest, v1::Stats>(
      "/xp.v1.Admin/GetStats", [&parts](CallContext&, const auto&, auto* response) {
        return Answer(LiveStats(parts), response);
      });
  table->AddServerStream<v1::BackUpRequest, v1::BackUpResponse>(
      "/xp.v1.Admin/BackUp", [&parts](CallContext& context, const v1::BackUpRequest&,
                                      const auto& send) { return BackUp(parts, context, send); });
}

}  // namespace xp::rpc
