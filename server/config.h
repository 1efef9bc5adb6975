// What xpserver is told: command line, then environment, then config file (each fills what the one
// before left open). Plain values with units; nothing here acts.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "proto/clock.h"
#include "proto/log_setup.h"
#include "server/fleet/settings.h"
#include "server/http/http_server.h"
#include "server/store/store.h"

namespace xp {

struct ServerConfig {
  std::string data_dir;
  std::string listen = "127.0.0.1:7070";  // gRPC; port 0: chosen by the kernel
  std::string http = "127.0.0.1:7071";    // "none": no HTTP
  bool insecure_listen = false;           // may `listen` and `http` leave this machine
  std::string port_file;  // written once it listens: XP_SERVER=HOST:PORT and XP_HTTP=HOST:PORT
  LogFormat log_format = LogFormat::kAuto;
  std::string log_level = "info";
  // DESIGN sections 8 and 9: the defaults of the settings.
  uint64_t disk_reserve_bytes = uint64_t{512} << 20;
  uint64_t log_limit_bytes = uint64_t{10} << 30;
  absl::Duration lease = absl::Seconds(60);
  absl::Duration heartbeat = absl::Seconds(15);
  absl::Duration lost = absl::Minutes(10);
  absl::Duration stop_grace = absl::Seconds(120);
};

// Exit codes of xpserver; --help lists them.
inline constexpr int kExitStopped = 0;  // SIGTERM or SIGINT
inline constexpr int kExitFailed = 1;   // failed while serving
inline constexpr int kExitUsage = 2;    // command line, environment or config file
inline constexpr int kExitData = 3;     // the data folder: in use, of a newer version, damaged
inline constexpr int kExitListen = 4;   // an address cannot be listened on

// The config, or the exit code of a command line that was answered here (--help, --version, usage
// errors; texts are printed as CLI programs do: help to stdout, errors to stderr).
std::variant<ServerConfig, int> ParseServerConfig(int argc, const char* const* argv);

// "127.0.0.1:7070" taken apart.
struct ListenAddress {
  std::string host;  // without brackets
  int port = 0;      // 0: the kernel chooses
  bool loopback = false;

  // "HOST:PORT", with brackets round an IPv6 host.
  std::string ToString() const;
};

// INVALID_ARGUMENT, beginning with `flag`, when `text` is no HOST:PORT.
absl::StatusOr<ListenAddress> ParseListenAddress(std::string_view flag, std::string_view text);

// What the parts are given of it. `clock` must outlive the store.
store::StoreOptions StoreOptionsOf(const ServerConfig& config, Clock& clock);
fleet::FleetSettings FleetSettingsOf(const ServerConfig& config);
http::HttpOptions HttpOptionsOf(const ServerConfig& config);

// Rule 10 of the design: an address that other machines can reach needs TLS and tokens, or
// --insecure-listen. FAILED_PRECONDITION says what it would risk.
absl::Status CheckListenAddresses(const ServerConfig& config);

}  // namespace xp
