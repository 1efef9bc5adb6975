// The services of the API as entries of a MethodTable. Each Add... function lives in a file named
// after its service; a handler decodes, checks, calls the store or the fleet, and encodes.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>
#include <grpcpp/server_context.h>

#include <functional>

#include "proto/clock.h"
#include "proto/validate.h"
#include "server/fleet/change_feed.h"
#include "server/fleet/fleet.h"
#include "server/rpc/grpc_service.h"
#include "server/rpc/method_table.h"
#include "server/store/store.h"
#include "xp/v1/admin.pb.h"
#include "xp/v1/metrics.pb.h"

namespace xp::rpc {

// Extracts metrics out of stored logs; `send` is false when the caller is gone. Given by main:
// server/backfill is not below this folder.
using RunBackfill = std::function<absl::Status(
    const v1::BackfillMetricsRequest& request,
    const std::function<bool(const v1::BackfillMetricsResponse&)>& send)>;

// What the handlers work with. Everything must outlive the table.
struct ServerParts {
  store::Store& store;
  fleet::Fleet& fleet;
  fleet::ChangeFeed& feed;
  Clock& clock;
  CheckDefinitions check_definitions;
  RunBackfill run_backfill;
  absl::Time start_time;
};

void AddExperiments(MethodTable* table, const ServerParts& parts);
void AddTrials(MethodTable* table, const ServerParts& parts);
void AddWatchTrials(MethodTable* table, const ServerParts& parts);
void AddMetrics(MethodTable* table, const ServerParts& parts);
void AddCompareTrials(MethodTable* table, const ServerParts& parts);
void AddLogs(MethodTable* table, const ServerParts& parts);
void AddBlobs(MethodTable* table, const ServerParts& parts);
void AddDatasets(MethodTable* table, const ServerParts& parts);
void AddArtifacts(MethodTable* table, const ServerParts& parts);
void AddWorkers(MethodTable* table, const ServerParts& parts);
void AddAdmin(MethodTable* table, const ServerParts& parts);

// All of them.
void AddServices(MethodTable* table, const ServerParts& parts);

// What Admin.GetStats answers; also what /metrics shows.
absl::StatusOr<v1::Stats> LiveStats(const ServerParts& parts);

// How long a stream waits for something new before it looks whether its caller is still there.
inline constexpr absl::Duration kStreamPatience = absl::Seconds(1);

}  // namespace xp::rpc
