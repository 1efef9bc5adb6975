// How often the kernel killed for want of memory in this process' control group: the evidence that
// tells an out-of-memory kill from any other SIGKILL. Free functions; safe from any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace xp::runner {

// The file that holds the counter, from the content of /proc/self/cgroup: memory.events of cgroup
// v2, memory.oom_control of v1. Empty when there is none.
std::string OomCounterFile(std::string_view proc_self_cgroup, const std::string& cgroup_root);

// The number behind "oom_kill " in such a file.
std::optional<int64_t> ParseOomKills(std::string_view content);

// The counter of this process' control group now; empty when the system has none to read. It counts
// for the whole group: neighbours there count too, so it is evidence, not proof.
std::optional<int64_t> ReadOomKills();

}  // namespace xp::runner
