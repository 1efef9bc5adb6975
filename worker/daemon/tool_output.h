// Runs a small tool and keeps what it prints. Free function; safe from any thread.
#pragma once

#include <absl/status/status.h>
#include <absl/time/time.h>

#include <string>
#include <vector>

namespace xp::daemon {

// Runs `command` (looked up in our own PATH) in `environment` ("NAME=value") with its stdout in
// `path`, stdin and stderr on /dev/null. NOT_FOUND: no such program. DEADLINE_EXCEEDED: it was
// killed after `patience`. UNKNOWN: it ended with another status than 0.
absl::Status WriteToolOutput(const std::vector<std::string>& command,
                             const std::vector<std::string>& environment, const std::string& path,
                             absl::Duration patience);

}  // namespace xp::daemon
