// The Work stream over gRPC: the call's thread reads, hands to the fleet and so commits; a second
// thread writes what the fleet says from the outbox. The protocol: docs/work-stream.md.
#pragma once

#include <absl/status/status.h>
#include <grpcpp/server_context.h>

#include "server/fleet/fleet.h"
#include "server/rpc/grpc_service.h"

namespace xp::rpc {

// Serves one worker until its stream ends. When the fleet ends it (a newer stream, a server that
// stops), the worker sees the fleet's status: ABORTED, UNAVAILABLE, RESOURCE_EXHAUSTED.
absl::Status ServeWork(fleet::Fleet& fleet, size_t outbox_max, grpc::ServerContext& context,
                       WorkStream& stream);

}  // namespace xp::rpc
