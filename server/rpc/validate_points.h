// Checks of points that a program sends over the network (validate.h says how).
#pragma once

#include <absl/status/status.h>

#include "xp/v1/metrics.pb.h"

namespace xp::rpc {

// Writer id, metric names, columns of one length. Not the trial's name.
absl::Status CheckWritePoints(const v1::WritePointsRequest& request);

}  // namespace xp::rpc
