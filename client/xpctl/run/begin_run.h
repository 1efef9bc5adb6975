// Begins the command of a run through xprunner, in the folder where xpctl stands, with what a
// training program sees (DESIGN section 11): its own environment, XP_* and SM_*.
//
// Errors: those of runner::StartRunner and BuildEnvironment. One thread.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <map>
#include <string>
#include <vector>

#include "client/xpctl/run/run_record.h"
#include "client/xpctl/run/signals.h"

namespace xp::xpctl {

// xpctl's own environment.
std::map<std::string, std::string> OwnEnvironment();

// The GPUs that a program started here would see: what CUDA_VISIBLE_DEVICES names, else those of
// the machine.
std::vector<std::string> VisibleGpus(const std::map<std::string, std::string>& environment);

// The command's whole environment. `server`: HOST:PORT. CUDA_VISIBLE_DEVICES and PYTHONUNBUFFERED
// stay as the user has them: the command runs here as it would without xp.
absl::StatusOr<std::vector<std::string>> RunEnvironment(
    const RunRecord& record, const std::string& server,
    const std::map<std::string, std::string>& inherited);

// After an error it is not sure that nothing has begun: HasBegunOrCallOff tells.
absl::Status BeginRun(const RunRecord& record, const std::string& server);

// After BeginRun failed with `why`. True: the command has begun all the same. False: it never will.
// An error: the folder cannot be read. A signal that comes meanwhile is passed over.
absl::StatusOr<bool> HasBegunOrCallOff(const RunRecord& record, const absl::Status& why,
                                       absl::Time now, const Signals& signals);

// Of a run that has not begun: true where its xpctl died before, so that it never will. False: it
// may begin yet, or has. Errors: the folder's.
absl::StatusOr<bool> CallOffAbandoned(const RunRecord& record, absl::Time now);

}  // namespace xp::xpctl
