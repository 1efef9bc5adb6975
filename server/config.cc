#include "server/config.h"

#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <arpa/inet.h>

#include <CLI/CLI.hpp>
#include <map>

#include "proto/status.h"

namespace xp {
namespace {

constexpr char kFooter[] =
    "Each option may stand in the config file (KEY=VALUE lines, without the dashes) and in the\n"
    "environment (XP_DATA_DIR, XP_LISTEN, ...). Times are like 90s, 10m, 24h.\n"
    "Exit codes: 0 stopped by a signal; 1 failed while serving; 2 usage; 3 the data folder is in\n"
    "use, damaged or of a newer version; 4 an address cannot be listened on.\n"
    "Start a worker with: xpworker --server HOST:PORT --work-dir DIR";

// A duration option: text in, absl::Duration out, positive.
CLI::Option* AddDuration(CLI::App& app, const std::string& name, absl::Duration* target,
                         const std::string& help) {
  const auto parse = [target, name](const std::string& text) {
    absl::Duration parsed;
    if (!absl::ParseDuration(text, &parsed) || parsed <= absl::ZeroDuration() ||
        parsed > absl::Hours(24 * 366)) {
      throw CLI::ValidationError(name, "'" + text + "' is no positive time; write e.g. 90s or 10m");
    }
    *target = parsed;
  };
  return app.add_option_function<std::string>(name, parse, help)
      ->default_str(absl::FormatDuration(*target));
}

bool IsLoopback(const std::string& host) {
  if (absl::EqualsIgnoreCase(host, "localhost")) return true;
  in_addr v4{};
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6{};
  return inet_pton(AF_INET6, host.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

absl::Status CheckListenAddress(std::string_view flag, const std::string& text,
                                const ServerConfig& config) {
  XP_ASSIGN_OR_RETURN(const ListenAddress address, ParseListenAddress(flag, text));
  if (address.loopback || config.insecure_listen) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      ToAbsl(flag), ": ", text,
      " can be reached from other machines, and without TLS and tokens anyone who reaches it could "
      "read and delete every experiment and run commands on every worker. Listen on 127.0.0.1, or "
      "accept that risk with --insecure-listen"));
}

const std::map<std::string, LogFormat>& LogFormats() {
  static const auto* const formats = new std::map<std::string, LogFormat>{
      {"auto", LogFormat::kAuto}, {"text", LogFormat::kText}, {"json", LogFormat::kJson}};
  return *formats;
}

void Describe(CLI::App& app, ServerConfig* config) {
  app.add_option("--data-dir", config->data_dir, "Folder of the database and the blobs (made)")
      ->envname("XP_DATA_DIR")
      ->required();
  app.add_option("--listen", config->listen, "gRPC address HOST:PORT; port 0: any free one")
      ->envname("XP_LISTEN")
      ->capture_default_str();
  app.add_option("--http", config->http, "HTTP address HOST:PORT, or none")
      ->envname("XP_HTTP_LISTEN")
      ->capture_default_str();
  app.add_flag("--insecure-listen", config->insecure_listen,
               "Allow addresses beyond loopback WITHOUT TLS and tokens: whoever reaches them can "
               "run commands on the workers")
      ->envname("XP_INSECURE_LISTEN");
  app.add_option("--port-file", config->port_file,
                 "Write the addresses there once it listens (XP_SERVER=..., XP_HTTP=...)")
      ->envname("XP_PORT_FILE");
  app.add_option_function<std::string>(
         "--log-format",
         [config](const std::string& name) { config->log_format = LogFormats().at(name); },
         "Of the log on stderr")
      ->transform(CLI::IsMember(LogFormats(), CLI::ignore_case))
      ->default_str("auto")
      ->envname("XP_LOG_FORMAT");
  app.add_option("--log-level", config->log_level, "trace, debug, info, warning, error or off")
      ->envname("XP_LOG_LEVEL")
      ->capture_default_str();
  app.add_option("--disk-reserve", config->disk_reserve_bytes,
                 "Below so much free disk, reports and uploads are refused (e.g. 512MiB)")
      ->transform(CLI::AsSizeValue(false))
      ->envname("XP_DISK_RESERVE")
      ->capture_default_str();
  app.add_option("--log-limit", config->log_limit_bytes,
                 "A log is kept whole up to so many bytes before compression (e.g. 10GiB)")
      ->transform(CLI::AsSizeValue(false))
      ->envname("XP_LOG_LIMIT")
      ->capture_default_str();
  AddDuration(app, "--lease", &config->lease, "A worker silent for so long loses its trials")
      ->envname("XP_LEASE");
  AddDuration(app, "--heartbeat", &config->heartbeat, "How often workers renew their leases")
      ->envname("XP_HEARTBEAT");
  AddDuration(app, "--lost", &config->lost, "A lost trial waits so long before it is queued again")
      ->envname("XP_LOST");
  AddDuration(app, "--stop-grace", &config->stop_grace,
              "Between SIGTERM and SIGKILL where a spec says nothing")
      ->envname("XP_STOP_GRACE");
}

}  // namespace

std::variant<ServerConfig, int> ParseServerConfig(int argc, const char* const* argv) {
  ServerConfig config;
  CLI::App app{"xpserver: keeps experiments, hands trials to workers, stores their metrics"};
  app.set_version_flag("--version", std::string("xpserver " XP_VERSION));
  app.set_config("--config", "", "Config file")->envname("XP_SERVER_CONFIG");
  app.allow_config_extras(CLI::config_extras_mode::error);
  app.footer(kFooter);
  Describe(app, &config);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitStopped : kExitUsage;
  }
  if (config.heartbeat * 2 > config.lease) {
    std::cerr << "--heartbeat: must be at most half of --lease, or one lost heartbeat ends it\n";
    return kExitUsage;
  }
  return config;
}

std::string ListenAddress::ToString() const {
  return absl::StrContains(host, ":") ? absl::StrCat("[", host, "]:", port)
                                      : absl::StrCat(host, ":", port);
}

absl::StatusOr<ListenAddress> ParseListenAddress(std::string_view flag, std::string_view text) {
  const size_t colon = text.rfind(':');
  ListenAddress address;
  if (colon != std::string_view::npos) {
    std::string_view host = text.substr(0, colon);
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
      host = host.substr(1, host.size() - 2);
    } else if (host.find(':') != std::string_view::npos) {
      host = {};  // an IPv6 address without brackets: where it ends is a guess
    }
    address.host = std::string(host);
  }
  if (address.host.empty() || !absl::SimpleAtoi(ToAbsl(text.substr(colon + 1)), &address.port) ||
      address.port < 0 || address.port > 65535) {
    return absl::InvalidArgumentError(
        absl::StrCat(ToAbsl(flag), ": '", ToAbsl(text),
                     "' is no address; write HOST:PORT, e.g. 127.0.0.1:7070 or [::1]:7070"));
  }
  address.loopback = IsLoopback(address.host);
  return address;
}

absl::Status CheckListenAddresses(const ServerConfig& config) {
  XP_RETURN_IF_ERROR(CheckListenAddress("--listen", config.listen, config));
  if (config.http == "none") return absl::OkStatus();
  return CheckListenAddress("--http", config.http, config);
}

store::StoreOptions StoreOptionsOf(const ServerConfig& config, Clock& clock) {
  store::StoreOptions options;
  options.data_dir = config.data_dir;
  options.clock = &clock;
  options.disk_reserve_bytes = config.disk_reserve_bytes;
  options.log_limit_bytes = config.log_limit_bytes;
  return options;
}

fleet::FleetSettings FleetSettingsOf(const ServerConfig& config) {
  fleet::FleetSettings settings;
  settings.lease.lease = config.lease;
  settings.lease.lost = config.lost;
  settings.heartbeat = config.heartbeat;
  settings.stop_grace = config.stop_grace;
  return settings;
}

http::HttpOptions HttpOptionsOf(const ServerConfig& config) {
  http::HttpOptions options;
  const auto address = ParseListenAddress("--http", config.http);
  if (!address.ok()) return options;  // "none"; anything else was refused before
  options.host = address->host;
  options.port = address->port;
  return options;
}

}  // namespace xp
