#include "worker/daemon/attempt_paths.h"

#include <absl/strings/str_cat.h>

#include "proto/resource_name.h"
#include "proto/status.h"

namespace xp::daemon {

absl::StatusOr<AttemptPaths> WorkPaths::Attempt(const v1::AttemptId& attempt) const {
  XP_RETURN_IF_ERROR(CheckName("attempt.trial_uid", attempt.trial_uid()));
  if (attempt.number() < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("attempt.number: found ", attempt.number(), ", attempts begin with 1"));
  }
  return AttemptPaths(absl::StrCat(Attempts(), "/", attempt.trial_uid(), "-", attempt.number()));
}

std::string WorkPaths::CheckpointDir(const v1::AttemptId& attempt,
                                     const std::string& shared) const {
  return absl::StrCat(shared.empty() ? Checkpoints() : shared, "/", attempt.trial_uid(), "/",
                      attempt.number());
}

}  // namespace xp::daemon
