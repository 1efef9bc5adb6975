// Where a server is: what people write after --server, in $XP_SERVER or in a config file.
//
// Errors: INVALID_ARGUMENT, saying what would be accepted. Values; safe from any thread.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>

namespace xp::client {

inline constexpr int kDefaultPort = 7070;
inline constexpr std::string_view kDefaultServer = "127.0.0.1:7070";

struct ServerAddress {
  // What gRPC connects to: "dns:///HOST:PORT", "unix:PATH".
  std::string target;
  // What people read: "HOST:PORT", "unix:PATH".
  std::string shown;
};

// "HOST:PORT", "HOST" (port 7070), "[IPv6]:PORT" or "unix:PATH". A URL is refused with the form
// that it should have had.
absl::StatusOr<ServerAddress> ParseAddress(std::string_view text);

}  // namespace xp::client
