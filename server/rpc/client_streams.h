// The streams from clients, bound to what serves them.
#pragma once

#include <cstddef>

#include "server/rpc/grpc_service.h"
#include "server/rpc/services.h"

namespace xp::rpc {

// `parts` must outlive the result. `outbox_max`: messages that may wait for one worker.
ClientStreams MakeClientStreams(const ServerParts& parts, size_t outbox_max);

}  // namespace xp::rpc
