#include "worker/runner/oom_counter.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_split.h>

#include <vector>

#include "worker/runner/file_io.h"

namespace xp::runner {
namespace {

constexpr char kCgroupRoot[] = "/sys/fs/cgroup";

bool HasController(const std::string& controllers, const char* name) {
  for (const auto& controller : absl::StrSplit(controllers, ',')) {
    if (controller == name) return true;
  }
  return false;
}

}  // namespace

std::string OomCounterFile(std::string_view proc_self_cgroup, const std::string& cgroup_root) {
  std::string unified;
  for (const auto& line : absl::StrSplit(std::string(proc_self_cgroup), '\n')) {
    // hierarchy:controllers:path; the path may hold colons
    const std::vector<std::string> parts = absl::StrSplit(line, absl::MaxSplits(':', 2));
    if (parts.size() != 3) continue;
    if (HasController(parts[1], "memory")) {
      return cgroup_root + "/memory" + parts[2] + "/memory.oom_control";
    }
    if (parts[0] == "0" && parts[1].empty()) unified = cgroup_root + parts[2] + "/memory.events";
  }
  return unified;
}

std::optional<int64_t> ParseOomKills(std::string_view content) {
  for (const auto& line : absl::StrSplit(std::string(content), '\n')) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ');
    int64_t count;
    if (words.size() == 2 && words[0] == "oom_kill" && absl::SimpleAtoi(words[1], &count)) {
      return count;
    }
  }
  return std::nullopt;
}

std::optional<int64_t> ReadOomKills() {
  auto groups = ReadSmallFile("/proc/self/cgroup");
  if (!groups.ok()) return std::nullopt;
  auto content = ReadSmallFile(OomCounterFile(*groups, kCgroupRoot));
  if (!content.ok()) return std::nullopt;
  return ParseOomKills(*content);
}

}  // namespace xp::runner
