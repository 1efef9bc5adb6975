// gRPC and protobuf write to stderr in forms of their own; this hands their lines to spdlog, so
// that the log of a server is of one kind (JSON lines stay JSON lines).
#pragma once

namespace xp::rpc {

// Call once from main, before the first use of either library.
void RouteLibraryLogs();

}  // namespace xp::rpc
