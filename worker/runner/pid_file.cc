#include "worker/runner/pid_file.h"

#include <nlohmann/json.hpp>

#include "worker/runner/json_text.h"

namespace xp::runner {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kPidFileVersion = 1;

Json ToJson(const ProcessIdentity& process) {
  return {{"pid", process.pid}, {"start_ticks", process.start_ticks}};
}

absl::StatusOr<ProcessIdentity> FromJson(const Json& json, const char* key,
                                         const std::string& boot_id) {
  const auto it = json.find(key);
  if (it == json.end() || !it->is_object()) {
    return absl::InvalidArgumentError(std::string("pid: ") + key + " is missing");
  }
  auto pid = IntField(*it, "pid", 0);
  if (!pid.ok()) return pid.status();
  auto ticks = IntField(*it, "start_ticks", 0);
  if (!ticks.ok()) return ticks.status();
  return ProcessIdentity{
      .pid = static_cast<pid_t>(*pid), .start_ticks = *ticks, .boot_id = boot_id};
}

}  // namespace

std::string PidInfoToJson(const PidInfo& info) {
  Json json = {{"version", kPidFileVersion}, {"boot_id", info.command.boot_id}};
  json["runner"] = ToJson(info.runner);
  json["command"] = ToJson(info.command);
  return json.dump(2) + "\n";
}

absl::StatusOr<PidInfo> PidInfoFromJson(std::string_view text) {
  auto json = ParseVersioned("pid", text, kPidFileVersion);
  if (!json.ok()) return json.status();
  auto boot_id = TextField(*json, "boot_id");
  if (!boot_id.ok()) return boot_id.status();
  auto runner = FromJson(*json, "runner", *boot_id);
  if (!runner.ok()) return runner.status();
  auto command = FromJson(*json, "command", *boot_id);
  if (!command.ok()) return command.status();
  return PidInfo{.runner = *std::move(runner), .command = *std::move(command)};
}

}  // namespace xp::runner
