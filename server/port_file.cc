#include "server/port_file.h"

#include <absl/strings/str_cat.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "proto/status.h"

namespace xp {
namespace {

absl::Status WriteFile(const std::string& path, const std::string& text) {
  const std::string aside = absl::StrCat(path, ".new");
  {
    std::ofstream file(aside, std::ios::trunc);
    file << text;
    file.close();
    if (!file) return absl::UnavailableError(absl::StrCat("--port-file: cannot write ", aside));
  }
  if (std::rename(aside.c_str(), path.c_str()) == 0) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("--port-file: cannot rename ", aside, " to ", path));
}

}  // namespace

absl::Status Announce(const ServerConfig& config, const BoundAddresses& bound) {
  // Both were parsed before they were listened on.
  XP_ASSIGN_OR_RETURN(ListenAddress grpc, ParseListenAddress("--listen", config.listen));
  grpc.port = bound.grpc_port;
  std::string text = absl::StrCat("XP_SERVER=", grpc.ToString(), "\n");
  std::string http_text = "no HTTP";
  if (bound.http_port != 0) {
    XP_ASSIGN_OR_RETURN(ListenAddress http, ParseListenAddress("--http", config.http));
    http.port = bound.http_port;
    http_text = absl::StrCat("http://", http.ToString());
    absl::StrAppend(&text, "XP_HTTP=", http.ToString(), "\n");
  }
  spdlog::info("xpserver {} listens on {} (gRPC) and {}; data in {}", XP_VERSION, grpc.ToString(),
               http_text, config.data_dir);
  return config.port_file.empty() ? absl::OkStatus() : WriteFile(config.port_file, text);
}

}  // namespace xp
