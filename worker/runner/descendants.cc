#include "worker/runner/descendants.h"

#include <absl/strings/numbers.h>
#include <dirent.h>

#include <map>
#include <set>

namespace xp::runner {
namespace {

bool IsLiving(const ProcessStat& stat) {
  return stat.state != 'Z' && stat.state != 'X' && stat.state != 'x';
}

std::vector<ProcessStat> AllProcesses() {
  std::vector<ProcessStat> all;
  DIR* proc = opendir("/proc");
  if (proc == nullptr) return all;
  while (const dirent* entry = readdir(proc)) {
    pid_t pid;
    if (!absl::SimpleAtoi(entry->d_name, &pid)) continue;
    if (auto stat = ReadProcessStat(pid); stat.ok()) all.push_back(*stat);
  }
  closedir(proc);
  return all;
}

}  // namespace

std::vector<ProcessIdentity> FindDescendants(pid_t root) {
  std::vector<ProcessIdentity> found;
  auto boot_id = ReadBootId();
  if (!boot_id.ok()) return found;
  std::multimap<pid_t, ProcessStat> by_parent;
  for (const ProcessStat& stat : AllProcesses()) by_parent.emplace(stat.parent, stat);
  std::vector<pid_t> parents = {root};
  std::set<pid_t> seen = {root};  // a walk is no snapshot: a reused pid must not make a circle
  while (!parents.empty()) {
    const auto [begin, end] = by_parent.equal_range(parents.back());
    parents.pop_back();
    for (auto it = begin; it != end; ++it) {
      const ProcessStat& stat = it->second;
      if (!seen.insert(stat.pid).second) continue;
      parents.push_back(stat.pid);
      if (IsLiving(stat)) {
        found.push_back({.pid = stat.pid, .start_ticks = stat.start_ticks, .boot_id = *boot_id});
      }
    }
  }
  return found;
}

void SignalAll(const std::vector<ProcessIdentity>& processes, int signal) {
  for (const ProcessIdentity& process : processes) (void)SendSignal(process, signal);
}

}  // namespace xp::runner
