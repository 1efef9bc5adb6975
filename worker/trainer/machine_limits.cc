#include "worker/trainer/machine_limits.h"

#include <sched.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

namespace xp::trainer {
namespace {

namespace fs = std::filesystem;

std::string FirstLine(const fs::path& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

// "max", an absent file and no number are 0.
uint64_t Number(const std::string& text) {
  uint64_t value = 0;
  std::istringstream(text) >> value;
  return value;
}

// One line of /proc/self/cgroup: "0::/job", "4:cpu,cpuacct:/job" (cgroups(7)).
struct GroupLine {
  std::string controllers;  // of version 1, with commas; empty: version 2
  std::string path;
};

std::optional<GroupLine> FindGroup(const fs::path& file, const std::string& controller) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    const size_t first = line.find(':');
    const size_t second = first == line.npos ? first : line.find(':', first + 1);
    if (second == line.npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const bool found =
        controller.empty()
            ? line.starts_with("0::")
            : ("," + controllers + ",").find("," + controller + ",") != std::string::npos;
    if (found) return GroupLine{controllers, line.substr(second + 1)};
  }
  return std::nullopt;
}

// The folders of this process's groups under one mount, innermost first. In a container the path
// of /proc/self/cgroup may not exist below the mount; then the mount itself is the group.
std::vector<fs::path> Groups(const SystemFiles& files, const std::string& controller) {
  const std::optional<GroupLine> line = FindGroup(files.proc / "self/cgroup", controller);
  const std::string inside = line ? line->path : "";
  std::error_code error;
  fs::path root = files.cgroup / controller;
  // Controllers with one mount usually have a link each beside it, but need not.
  if (line && !fs::exists(root, error)) root = files.cgroup / line->controllers;
  std::vector<fs::path> groups;
  for (fs::path path = inside; path.has_relative_path(); path = path.parent_path()) {
    const fs::path group = root / path.relative_path();
    if (fs::exists(group, error)) groups.push_back(group);
  }
  groups.push_back(root);
  return groups;
}

// Of a file of "name value" lines.
uint64_t Entry(const fs::path& file, const std::string& name) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(name) && line.substr(name.size(), 1).find_first_of(" \t") == 0) {
      return Number(line.substr(name.size()));
    }
  }
  return 0;
}

// A group's usage counts cached files; the part that is not in use is given up before any process.
struct MemoryFiles {
  const char *controller, *limit, *usage, *cached;
};
constexpr MemoryFiles kMemoryFiles[] = {
    {"", "memory.max", "memory.current", "inactive_file"},
    {"memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"}};

}  // namespace

uint64_t AvailableMemory(const SystemFiles& files) {
  uint64_t available = Entry(files.proc / "meminfo", "MemAvailable:") * 1024;
  for (const MemoryFiles& names : kMemoryFiles) {
    for (const fs::path& group : Groups(files, names.controller)) {
      const uint64_t limit = Number(FirstLine(group / names.limit));
      if (limit == 0) continue;
      const uint64_t usage = Number(FirstLine(group / names.usage));
      const uint64_t held = usage - std::min(usage, Entry(group / "memory.stat", names.cached));
      const uint64_t left = limit - std::min(limit, held);
      available = available == 0 ? left : std::min(available, left);
    }
  }
  return available;
}

int AvailableProcessors(const SystemFiles& files) {
  cpu_set_t set;
  CPU_ZERO(&set);
  uint64_t processors =
      ::sched_getaffinity(0, sizeof set, &set) == 0 ? uint64_t(CPU_COUNT(&set)) : 1;
  const auto lower_to = [&](uint64_t quota, uint64_t period) {
    if (quota > 0 && period > 0) processors = std::min(processors, (quota + period - 1) / period);
  };
  for (const fs::path& group : Groups(files, "")) {
    std::istringstream line(FirstLine(group / "cpu.max"));  // "200000 100000" or "max 100000"
    std::string quota;
    uint64_t period = 0;
    if (line >> quota >> period) lower_to(Number(quota), period);
  }
  for (const fs::path& group : Groups(files, "cpu")) {
    const std::string quota = FirstLine(group / "cpu.cfs_quota_us");  // -1: none
    if (!quota.starts_with("-"))
      lower_to(Number(quota), Number(FirstLine(group / "cpu.cfs_period_us")));
  }
  return int(std::max<uint64_t>(processors, 1));
}

}  // namespace xp::trainer
