// xpserver: builds the parts and passes them to each other; nothing else.
#include <absl/strings/str_cat.h>
#include <signal.h>
#include <spdlog/spdlog.h>

#include <iostream>
#include <memory>
#include <variant>

#include "proto/log_setup.h"
#include "proto/status.h"
#include "server/backfill/backfill.h"
#include "server/backfill/definitions.h"
#include "server/config.h"
#include "server/fleet/change_feed.h"
#include "server/fleet/fleet.h"
#include "server/http/http_server.h"
#include "server/port_file.h"
#include "server/rpc/call_log.h"
#include "server/rpc/client_streams.h"
#include "server/rpc/grpc_server.h"
#include "server/rpc/library_logs.h"
#include "server/rpc/services.h"
#include "server/store/store.h"

namespace xp {
namespace {

int Fail(int exit_code, const absl::Status& status) {
  spdlog::error("{}", FormatStatus(status));
  return exit_code;
}

// Every thread that is started later inherits this: signals come to WaitForSignal alone.
sigset_t BlockSignals() {
  signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

int Serve(const ServerConfig& config, const sigset_t& signals) {
  SystemClock clock;
  const absl::Time start_time = clock.Now();
  auto opened = store::OpenStore(StoreOptionsOf(config, clock));
  if (!opened.ok()) return Fail(kExitData, opened.status());
  store::Store& store = **opened;
  const fleet::FleetSettings settings = FleetSettingsOf(config);
  fleet::ChangeFeed feed;
  fleet::Fleet fleet(store, clock, settings);
  backfill::Backfill backfill(store);
  const rpc::ServerParts parts{
      store,
      fleet,
      feed,
      clock,
      backfill::CheckDefinitions,
      [&](const auto& request, const auto& send) { return backfill.Run(request, send); },
      start_time};
  rpc::CallLog call_log(clock);
  rpc::MethodTable table;
  rpc::AddServices(&table, parts);
  call_log.Wrap(&table);

  store.AddListener(&feed);
  store.Start();
  if (const absl::Status status = fleet.Start(); !status.ok()) return Fail(kExitData, status);
  backfill.Start();
  auto grpc_server =
      rpc::GrpcServer::Start({.address = config.listen}, table,
                             rpc::MakeClientStreams(parts, settings.outbox_max), call_log);
  if (!grpc_server.ok()) return Fail(kExitListen, grpc_server.status());
  http::HttpServer http_server(HttpOptionsOf(config), clock, table,
                               [&] { return rpc::LiveStats(parts); });
  if (config.http != "none") {
    if (const absl::Status status = http_server.Start(); !status.ok()) {
      return Fail(kExitListen, status);
    }
  }
  const BoundAddresses bound{(*grpc_server)->port(),
                             config.http == "none" ? 0 : http_server.port()};
  if (const absl::Status status = Announce(config, bound); !status.ok()) {
    return Fail(kExitFailed, status);
  }
  int signal_number = 0;
  sigwait(&signals, &signal_number);
  spdlog::info("stopping ({}); what runs on workers goes on", strsignal(signal_number));
  feed.Close();
  fleet.Stop();
  http_server.Stop();
  (*grpc_server)->Stop();
  backfill.Stop();
  store.Stop();
  spdlog::info("stopped");
  return kExitStopped;
}

}  // namespace
}  // namespace xp

int main(int argc, char** argv) {
  const auto parsed = xp::ParseServerConfig(argc, argv);
  if (const int* exit_code = std::get_if<int>(&parsed)) return *exit_code;
  const xp::ServerConfig& config = std::get<xp::ServerConfig>(parsed);
  absl::Status status = xp::SetUpLog(config.log_format, config.log_level);
  if (status.ok()) status = xp::CheckListenAddresses(config);
  if (!status.ok()) {
    std::cerr << "xpserver: " << status.message() << "\n";
    return xp::kExitUsage;
  }
  xp::rpc::RouteLibraryLogs();
  return xp::Serve(config, xp::BlockSignals());
}
