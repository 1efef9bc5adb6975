#include "server/rpc/library_logs.h"

#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>
#include <spdlog/spdlog.h>

#include <string>

namespace xp::rpc {
namespace {

void LogGrpc(gpr_log_func_args* args) {
  // What gRPC calls an error (an address in use, a broken connection) is a status for the caller.
  const auto level =
      args->severity == GPR_LOG_SEVERITY_ERROR ? spdlog::level::warn : spdlog::level::debug;
  spdlog::log(level, "grpc: {}", args->message);
}

void LogProtobuf(google::protobuf::LogLevel level, const char*, int, const std::string& message) {
  const bool serious = level >= google::protobuf::LOGLEVEL_ERROR;
  spdlog::log(serious ? spdlog::level::warn : spdlog::level::debug, "protobuf: {}", message);
}

}  // namespace

void RouteLibraryLogs() {
  gpr_set_log_function(LogGrpc);
  google::protobuf::SetLogHandler(LogProtobuf);
}

}  // namespace xp::rpc
