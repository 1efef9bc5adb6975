#include "client/xpctl/run/run_record.h"

#include <unistd.h>

#include <algorithm>
#include <climits>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "client/cpp/system_error.h"
#include "proto/status.h"
#include "worker/runner/file_io.h"

namespace xp::xpctl {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

ordered_json ToJson(const RunRecord& record) {
  ordered_json json{{"version", 1},
                    {"id", record.id},
                    {"experiment", record.experiment},
                    {"trial", record.trial},
                    {"command", record.command},
                    {"preset", record.preset},
                    {"git_commit", record.git_commit},
                    {"git_diff_sha256", record.git_diff_sha256},
                    {"start_time_ms", record.start_time_ms}};
  if (const RunStarter& starter = record.starter; starter.process.pid > 0) {
    json["starter"] = {{"pid", starter.process.pid},
                       {"start_ticks", starter.process.start_ticks},
                       {"boot_id", starter.process.boot_id},
                       {"host", starter.host},
                       {"pid_namespace", starter.pid_namespace}};
  }
  json["metrics"] = ordered_json::array();
  for (const capture::MetricDefinition& metric : record.metrics) {
    json["metrics"].push_back({{"name", metric.name}, {"regex", metric.regex}});
  }
  return json;
}

std::string HostName() {
  char name[HOST_NAME_MAX + 1] = "";
  return ::gethostname(name, sizeof name) == 0 ? name : "";
}

std::string PidNamespace() {
  std::error_code error;
  return fs::read_symlink("/proc/self/ns/pid", error).string();
}

}  // namespace

absl::StatusOr<RunStarter> RunStarter::ThisProcess() {
  RunStarter starter;
  XP_ASSIGN_OR_RETURN(starter.process, runner::IdentifyProcess(::getpid()));
  starter.host = HostName();
  starter.pid_namespace = PidNamespace();
  return starter;
}

bool RunStarter::IsGone() const {
  if (process.pid == 0 || host.empty() || host != HostName()) return false;
  const absl::StatusOr<std::string> boot_id = runner::ReadBootId();
  if (boot_id.ok() && *boot_id != process.boot_id) return true;
  return !pid_namespace.empty() && pid_namespace == PidNamespace() && !runner::IsAlive(process);
}

absl::Status SaveRun(const RunRecord& record) {
  return runner::WriteFileDurably(
      record.folder + "/run.json",
      ToJson(record).dump(2, ' ', false, ordered_json::error_handler_t::replace));
}

absl::StatusOr<RunRecord> LoadRun(const std::string& folder) {
  std::ifstream stream(folder + "/run.json", std::ios::binary);
  if (!stream) return absl::NotFoundError(folder + ": no run.json in it");
  try {
    const ordered_json json = ordered_json::parse(stream);
    if (json.at("version") != 1) {
      return absl::InvalidArgumentError(folder + ": a run of another version of xpctl");
    }
    RunRecord record;
    record.folder = folder;
    record.id = json.at("id");
    record.experiment = json.at("experiment");
    record.trial = json.at("trial");
    record.command = json.at("command").get<std::vector<std::string>>();
    record.preset = json.at("preset");
    record.git_commit = json.value("git_commit", "");
    record.git_diff_sha256 = json.value("git_diff_sha256", "");
    record.start_time_ms = json.at("start_time_ms");
    if (const auto starter = json.find("starter"); starter != json.end()) {
      record.starter = {{starter->at("pid"), starter->at("start_ticks"), starter->at("boot_id")},
                        starter->at("host"),
                        starter->at("pid_namespace")};
    }
    for (const ordered_json& metric : json.at("metrics")) {
      record.metrics.push_back({metric.at("name"), metric.at("regex"), ""});
    }
    return record;
  } catch (const nlohmann::json::exception& error) {
    return absl::InvalidArgumentError(folder + "/run.json: " + error.what());
  }
}

absl::StatusOr<std::string> RunsFolder(const GetEnv& getenv) {
  const auto value = [&](const char* name) -> std::string {
    const char* text = getenv(name);
    return text == nullptr ? "" : text;
  };
  if (const std::string folder = value("XP_RUNS_DIR"); !folder.empty()) {
    return fs::absolute(folder).string();
  }
  if (const std::string state = value("XDG_STATE_HOME"); !state.empty()) return state + "/xp/runs";
  if (const std::string home = value("HOME"); !home.empty()) return home + "/.local/state/xp/runs";
  return absl::FailedPreconditionError("no place for runs: set $XP_RUNS_DIR");
}

std::vector<std::string> PendingRuns(const std::string& runs_folder) {
  std::vector<std::string> folders;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(runs_folder, error)) {
    if (fs::exists(entry.path() / "run.json", error)) folders.push_back(entry.path().string());
  }
  // Their names begin with the time.
  std::sort(folders.begin(), folders.end());
  return folders;
}

absl::Status DropRun(const RunRecord& record) {
  std::error_code error;
  fs::rename(record.folder + "/run.json", record.folder + "/dropped.json", error);
  return error ? client::SystemError(error.value(), record.folder) : absl::OkStatus();
}

absl::Status RemoveRun(const RunRecord& record) {
  std::error_code error;
  fs::remove_all(record.folder, error);
  if (error) return client::SystemError(error.value(), record.folder);
  return absl::OkStatus();
}

}  // namespace xp::xpctl
