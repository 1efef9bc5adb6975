// All processes below this one, wherever they went: those that made a session of their own too,
// which as orphans come to us because the runner is a child subreaper. Free functions; meant for a
// process with one thread.
#pragma once

#include <sys/types.h>

#include <vector>

#include "worker/runner/process_identity.h"

namespace xp::runner {

// Living descendants of `root`, from one walk over /proc. A process born during the walk may be
// missing: walk again until none is left.
std::vector<ProcessIdentity> FindDescendants(pid_t root);

// Sends `signal` to each; those that are gone are no error.
void SignalAll(const std::vector<ProcessIdentity>& processes, int signal);

}  // namespace xp::runner
