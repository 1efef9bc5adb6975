// How far an attempt has come, as its folder tells: the messages that were written there. A daemon
// that starts reads this and goes on. Values; one thread per attempt.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <optional>
#include <string>
#include <vector>

#include "worker/daemon/attempt_paths.h"
#include "xp/v1/workers.pb.h"

namespace xp::daemon {

struct AttemptRecord {
  AttemptPaths paths;
  v1::Assignment assignment;
  std::optional<v1::Started> started;
  std::optional<v1::Exited> exited;
  std::optional<v1::Finished> finished;
  bool confirmed = false;

  const v1::AttemptId& id() const { return assignment.attempt(); }
};

// Makes the folder and writes the assignment: on the disk when it returns OK.
absl::StatusOr<AttemptRecord> CreateAttempt(const WorkPaths& work,
                                            const v1::Assignment& assignment);

// The same for an attempt that another program has begun in `folder` (`xpctl run`): the assignment
// is written there, and the attempt's own folder becomes a link to it. FAILED_PRECONDITION: the
// folder has been given to another attempt before.
absl::StatusOr<AttemptRecord> AdoptAttempt(const WorkPaths& work, const v1::Assignment& assignment,
                                           const std::string& folder);

// Everything below work.Attempts(). A folder that holds no assignment is passed over; one that
// cannot be understood is left where it is, and said.
absl::StatusOr<std::vector<AttemptRecord>> LoadAttempts(const WorkPaths& work);

// Removes folders without an assignment: what was never accepted when an earlier daemon died.
absl::Status RemoveUnaccepted(const WorkPaths& work);

}  // namespace xp::daemon
