// Asks the server for a whole compare table, all pages of it, as of one set of columns. Errors: the
// call's; ABORTED when metrics turned up faster than the table could be read.
#pragma once

#include <absl/status/statusor.h>

#include "client/cpp/client.h"
#include "xp/v1/metrics.pb.h"

namespace xp::xpctl {

absl::StatusOr<v1::CompareTrialsResponse> QueryCompare(client::Client& client,
                                                       v1::CompareTrialsRequest request);

}  // namespace xp::xpctl
