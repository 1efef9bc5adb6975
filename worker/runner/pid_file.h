// The file `pid` (version 1): who runs and who is run. Written before the command gets to run, so
// that no training exists that the folder does not name. Values; safe from any thread.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>

#include "worker/runner/process_identity.h"

namespace xp::runner {

struct PidInfo {
  ProcessIdentity runner;
  ProcessIdentity command;  // leads its own process group
};

std::string PidInfoToJson(const PidInfo& info);
// INVALID_ARGUMENT when it is none, FAILED_PRECONDITION for an unknown version.
absl::StatusOr<PidInfo> PidInfoFromJson(std::string_view json);

}  // namespace xp::runner
