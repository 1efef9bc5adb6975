// Tells where the server listens: in the log, and in a file that scripts and tests can source.
#pragma once

#include <absl/status/status.h>

#include "server/config.h"

namespace xp {

// The ports in use, which are the kernel's choice where the config says 0.
struct BoundAddresses {
  int grpc_port = 0;
  int http_port = 0;  // 0: no HTTP
};

// Logs the addresses and writes `config.port_file` (if any) aside and renamed, so that it is whole
// when it is there. UNAVAILABLE: the file cannot be written.
absl::Status Announce(const ServerConfig& config, const BoundAddresses& bound);

}  // namespace xp
