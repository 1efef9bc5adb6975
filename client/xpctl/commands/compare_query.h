// Asks the server for a whole compare table, all pages of it. Errors: the call's.
#pragma once

#include <absl/status/statusor.h>

#include "client/cpp/client.h"
#include "xp/v1/metrics.pb.h"

namespace xp::xpctl {

absl::StatusOr<v1::CompareTrialsResponse> QueryCompare(client::Client& client,
                                                       const v1::CompareTrialsRequest& request);

}  // namespace xp::xpctl
