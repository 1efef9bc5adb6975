// Models by name: hub:NAME is fetched over HTTPS into a cache on this machine, once. Any thread;
// processes that want the same model wait for each other.
#pragma once

#include <absl/status/statusor.h>
#include <filesystem>
#include <string_view>

#include "worker/trainer/hub/hub_options.h"

namespace xp::trainer {

enum class HubFiles { kAllButWeights, kAll };

// The folder that holds the model's files, all whole and checked. `name` is "hub:NAME[@REVISION]".
// A commit that is in the cache needs no network; for a branch the server is asked whether it
// moved, and when it cannot be reached the cache serves (and that is said).
// INVALID_ARGUMENT: not such a name; NOT_FOUND: no such model, revision or file, or not in the
// cache while that is all there is; PERMISSION_DENIED: gated or private; UNAVAILABLE: the network,
// after all attempts; DATA_LOSS: a checksum that does not fit twice; RESOURCE_EXHAUSTED: the disk
// is full; FAILED_PRECONDITION: the server is not to be trusted or its answer not to be checked;
// UNIMPLEMENTED: this xptrain was built without libcurl or OpenSSL.
absl::StatusOr<std::filesystem::path> FetchModel(std::string_view name, HubFiles files,
                                                 const HubOptions& options);

}  // namespace xp::trainer
