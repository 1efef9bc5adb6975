// How a command joins xpctl: its Add function describes it to the command line and, when it is the
// one that was asked for, leaves the action that does it. One file per command (commands/).
#pragma once

#include <absl/status/statusor.h>

#include <CLI/CLI.hpp>
#include <functional>

#include "client/xpctl/session.h"

namespace xp::xpctl {

// Does the command; answers the exit code.
using Action = std::function<absl::StatusOr<int>(Session&)>;

}  // namespace xp::xpctl
