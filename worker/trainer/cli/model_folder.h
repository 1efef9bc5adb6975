// "--model hub:NAME" becomes a folder: what the commands share of it.
#pragma once

#include <absl/status/statusor.h>
#include <CLI/CLI.hpp>
#include <string>

#include "worker/trainer/hub/fetch.h"

namespace xp::trainer {

// --hub-endpoint, --hub-cache and --hub-offline, over what the environment says. `options` must
// live as long as `command`.
void AddHubOptions(CLI::App* command, HubOptions* options);

// The folder itself, or the cache's for hub:NAME, fetched if need be with progress on stderr.
absl::StatusOr<std::string> ModelFolder(const std::string& model, HubFiles files,
                                        HubOptions options);

}  // namespace xp::trainer
