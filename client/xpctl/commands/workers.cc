// xpctl workers, workers drain W, workers undrain W: the fleet.
#include <absl/strings/str_cat.h>

#include <map>
#include <memory>

#include "client/cpp/client.h"
#include "client/cpp/paging.h"
#include "client/xpctl/commands/commands.h"
#include "client/xpctl/exit_code.h"
#include "client/xpctl/format.h"
#include "client/xpctl/spec/quantities.h"

namespace xp::xpctl {
namespace {

constexpr absl::Duration kClockTolerance = absl::Seconds(1);

absl::Duration ClockDistance(const v1::Worker& worker) {
  return absl::Seconds(worker.clock_distance().seconds()) +
         absl::Nanoseconds(worker.clock_distance().nanos());
}

// "4 x NVIDIA H200", "2 x CPU".
std::string SlotsText(const v1::Worker& worker) {
  std::map<std::string, int> kinds;
  for (const v1::Slot& slot : worker.slots()) {
    const bool gpu = slot.kind() == v1::SLOT_KIND_GPU;
    ++kinds[gpu ? (slot.model().empty() ? "GPU" : slot.model()) : "CPU"];
  }
  std::string text;
  for (const auto& [kind, count] : kinds) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", count, " x ", kind);
  }
  return text.empty() ? "none" : text;
}

Cell StateOf(const v1::Worker& worker) {
  if (worker.drained()) {
    return {worker.connected() ? "drained" : "drained, away", Mark::kWarn};
  }
  return worker.connected() ? Cell("connected", Mark::kGood) : Cell("away", Mark::kBad);
}

Cell LastSeen(const v1::Worker& worker, absl::TimeZone zone) {
  if (!worker.connected()) return TimeCell(worker.last_seen_time(), zone);
  Cell now("now");
  now.raw = "";
  return now;
}

nlohmann::ordered_json ToJson(const v1::Worker& worker) {
  nlohmann::ordered_json json;
  json["name"] = worker.name();
  json["connected"] = worker.connected();
  json["drained"] = worker.drained();
  json["drain_reason"] = worker.drain_reason();
  json["slots"] = nlohmann::ordered_json::array();
  for (const v1::Slot& slot : worker.slots()) {
    json["slots"].push_back({{"index", slot.index()},
                             {"kind", slot.kind() == v1::SLOT_KIND_GPU ? "gpu" : "cpu"},
                             {"device", slot.device()},
                             {"model", slot.model()},
                             {"memory_bytes", slot.memory_bytes()}});
  }
  json["free_slots"] = worker.free_slots();
  json["running"] = worker.running();
  json["labels"] = nlohmann::ordered_json::object();
  for (const auto& [key, value] : worker.labels()) json["labels"][key] = value;
  json["host"] = worker.host();
  json["version"] = worker.version();
  json["first_seen_time"] = JsonTime(worker.first_seen_time());
  json["last_seen_time"] = JsonTime(worker.last_seen_time());
  json["clock_distance_seconds"] = absl::ToDoubleSeconds(ClockDistance(worker));
  return json;
}

Report WorkersReport(const std::vector<v1::Worker>& workers, absl::TimeZone zone) {
  Report report;
  report.table.columns = {{"worker"},
                          {"state"},
                          {"slots"},
                          {"free", Align::kRight},
                          {"running", Align::kLeft, /*elastic=*/true},
                          {"last seen"}};
  report.json["workers"] = nlohmann::ordered_json::array();
  for (const v1::Worker& worker : workers) {
    std::string running;
    for (const std::string& trial : worker.running()) {
      absl::StrAppend(&running, running.empty() ? "" : ", ", trial);
    }
    report.table.rows.push_back({worker.name(), StateOf(worker), SlotsText(worker),
                                 absl::StrCat(worker.free_slots()), running,
                                 LastSeen(worker, zone)});
    report.json["workers"].push_back(ToJson(worker));
    if (worker.drained() && !worker.drain_reason().empty()) {
      report.notes.push_back(worker.name() + " is drained: " + worker.drain_reason());
    }
    const absl::Duration distance = ClockDistance(worker);
    if (absl::AbsDuration(distance) > kClockTolerance) {
      report.notes.push_back(
          absl::StrCat(worker.name(), "'s clock is ", ShowDuration(absl::AbsDuration(distance)),
                       distance > absl::ZeroDuration() ? " ahead of" : " behind", " the server's"));
    }
  }
  return report;
}

absl::StatusOr<int> ListWorkers(Session& session) {
  XP_ASSIGN_OR_RETURN(client::Client* const client, session.Connect());
  std::vector<v1::Worker> workers;
  XP_RETURN_IF_ERROR(client::ForEachPage(
      *client, &v1::Workers::Stub::ListWorkers, v1::ListWorkersRequest(),
      [&](const v1::ListWorkersResponse& page) {
        workers.insert(workers.end(), page.workers().begin(), page.workers().end());
      }));
  if (workers.empty() && session.format() == OutputFormat::kTable) {
    session.Say("no worker yet; start one: xpworker --server HOST:PORT --work-dir DIR");
    return kExitOk;
  }
  session.Print(WorkersReport(workers, session.world().zone));
  return kExitOk;
}

absl::StatusOr<int> Drain(Session& session, const std::string& name, const std::string& reason) {
  XP_ASSIGN_OR_RETURN(client::Client* const client, session.Connect());
  v1::DrainWorkerRequest request;
  request.set_name(name);
  request.set_reason(reason);
  XP_ASSIGN_OR_RETURN(const v1::Worker worker,
                      client->Call(&v1::Workers::Stub::DrainWorker, request));
  session.Print(WorkersReport({worker}, session.world().zone));
  return kExitOk;
}

absl::StatusOr<int> Undrain(Session& session, const std::string& name) {
  XP_ASSIGN_OR_RETURN(client::Client* const client, session.Connect());
  v1::UndrainWorkerRequest request;
  request.set_name(name);
  XP_ASSIGN_OR_RETURN(const v1::Worker worker,
                      client->Call(&v1::Workers::Stub::UndrainWorker, request));
  session.Print(WorkersReport({worker}, session.world().zone));
  return kExitOk;
}

}  // namespace

void AddWorkers(CLI::App& app, Action* action) {
  CLI::App* const command = app.add_subcommand("workers", "List the workers; drain one");
  command->require_subcommand(0, 1);
  command->callback([action] {
    if (!*action) *action = ListWorkers;
  });
  auto name = std::make_shared<std::string>();
  auto reason = std::make_shared<std::string>();
  CLI::App* const drain =
      command->add_subcommand("drain", "Give a worker no more trials; what runs goes on");
  drain->add_option("W", *name, "Worker")->required();
  drain->add_option("--reason", *reason, "Shown to people");
  drain->callback([name, reason, action] {
    *action = [name, reason](Session& session) { return Drain(session, *name, *reason); };
  });
  CLI::App* const undrain = command->add_subcommand("undrain", "Give a worker trials again");
  undrain->add_option("W", *name, "Worker")->required();
  undrain->callback(
      [name, action] { *action = [name](Session& session) { return Undrain(session, *name); }; });
}

}  // namespace xp::xpctl
