// The file stop.json (version 1): a wish that the run should stop. A file, not a signal: it reaches
// a runner whoever wrote it, and is still there when the daemon that wrote it is not.
// Values; safe from any thread.
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <string>
#include <string_view>

namespace xp::runner {

struct StopRequest {
  absl::Duration grace;  // from the moment at which the runner reads it
  std::string reason;
};

std::string StopRequestToJson(const StopRequest& request);
// INVALID_ARGUMENT when it is none, FAILED_PRECONDITION for an unknown version.
absl::StatusOr<StopRequest> StopRequestFromJson(std::string_view json);

}  // namespace xp::runner
