#include "worker/daemon/environment_snapshot.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <sys/utsname.h>

#include <nlohmann/json.hpp>

#include "proto/status.h"
#include "worker/daemon/file_copy.h"
#include "worker/daemon/tool_output.h"
#include "worker/runner/file_io.h"

namespace xp::daemon {
namespace {

using Json = nlohmann::ordered_json;

// PRETTY_NAME="Debian GNU/Linux 12 (bookworm)" of /etc/os-release.
std::string SystemName() {
  const std::string text = runner::ReadSmallFile("/etc/os-release").value_or("");
  for (const auto& line : absl::StrSplit(text, '\n')) {
    const std::vector<std::string> parts = absl::StrSplit(line, absl::MaxSplits('=', 1));
    if (parts.size() != 2 || parts[0] != "PRETTY_NAME" || parts[1].size() < 2) continue;
    return parts[1].substr(1, parts[1].size() - 2);
  }
  return "";
}

Json Facts(const v1::Assignment& assignment, const SnapshotFacts& facts) {
  const v1::TrialSpec& spec = assignment.spec();
  utsname system = {};
  uname(&system);
  Json json;
  json["version"] = 1;
  json["trial"] = assignment.trial_name();
  json["attempt"] = assignment.attempt().number();
  json["host"] = facts.host;
  json["system"] = SystemName();
  json["kernel"] = absl::StrCat(system.sysname, " ", system.release, " ", system.machine);
  json["gpu_driver"] = facts.driver;
  json["gpus"] = Json::array();
  for (const v1::Slot& slot : facts.slots) {
    if (slot.kind() == v1::SLOT_KIND_GPU) json["gpus"].push_back(slot.model());
  }
  json["source_manifest_sha256"] = spec.source_manifest_sha256();
  json["source_git_commit"] = spec.source_git_commit();
  json["source_git_diff_sha256"] = spec.source_git_diff_sha256();
  json["not_known"] = Json::array();
  return json;
}

}  // namespace

std::vector<PackageList> DefaultPackageLists() {
  // As `pip list --format=freeze`, several times as fast and without pip.
  constexpr char kPythonPackages[] =
      "import importlib.metadata as m\n"
      "for p in sorted({f'{d.metadata[\"Name\"]}=={d.version}' for d in m.distributions()}): "
      "print(p)";
  return {{"packages-python.txt", {"python3", "-c", kPythonPackages}},
          {"packages-system.txt", {"dpkg-query", "-W", "-f", "${Package} ${Version}\\n"}}};
}

absl::Status WriteEnvironmentSnapshot(const AttemptPaths& paths, const v1::Assignment& assignment,
                                      const SnapshotFacts& facts, absl::Duration patience) {
  const std::string folder = paths.Environment();
  XP_RETURN_IF_ERROR(MakeFolder(folder));
  Json json = Facts(assignment, facts);
  for (const PackageList& list : facts.lists) {
    const std::string path = absl::StrCat(folder, "/", list.file);
    const absl::Status status = WriteToolOutput(list.command, facts.environment, path, patience);
    if (status.ok()) continue;
    XP_RETURN_IF_ERROR(RemoveAll(path));
    json["not_known"].push_back(absl::StrCat(list.file, ": ", std::string(status.message())));
  }
  const std::string text = json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  return runner::WriteFileDurably(folder + "/environment.json", text);
}

}  // namespace xp::daemon
