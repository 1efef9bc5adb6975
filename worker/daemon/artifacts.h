// What an attempt leaves behind goes to the server: its model and output folders and the record of
// its environment. Blocking; safe from any thread. Repeating it sends only what is missing.
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <string>

#include "client/cpp/client.h"
#include "worker/daemon/attempt_paths.h"
#include "xp/v1/workers.pb.h"

namespace xp::daemon {

// OK: everything that could be read is uploaded; the text says what could not, and is empty when
// that is nothing. UNAVAILABLE, RESOURCE_EXHAUSTED, CANCELLED: try again later.
// FAILED_PRECONDITION, NOT_FOUND: the server does not want them.
absl::StatusOr<std::string> UploadArtifacts(client::Client& client, const v1::AttemptId& attempt,
                                            const AttemptPaths& paths,
                                            const std::function<bool()>& cancelled);

}  // namespace xp::daemon
