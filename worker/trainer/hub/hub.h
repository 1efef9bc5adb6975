// Models by name: hub:NAME is fetched over HTTPS into a cache on this machine, once. Any thread;
// processes that want the same model wait for each other.
#pragma once

#include <absl/status/statusor.h>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace xp::trainer {

enum class HubFiles { kAllButWeights, kAll };

struct HubOptions {
  std::string endpoint = "https://huggingface.co";  // without a slash at its end
  std::filesystem::path cache;                      // the folder of all models
  std::string token;                                // sent to the endpoint's host alone
  std::filesystem::path ca_file;                    // PEM; empty: the system's authorities
  bool offline = false;                             // the cache is all there is
  int attempts = 5;                                 // of one file
  std::chrono::milliseconds first_wait{1000};       // before the second attempt; then doubled
  std::chrono::seconds connect_timeout{30};
  std::chrono::seconds stall_timeout{60};  // without a byte

  std::function<void(std::chrono::milliseconds)> wait;  // between attempts
  std::function<void(const std::string&)> say;          // a line for people
  // Bytes of the file that is under way; total is 0 where the server did not say.
  std::function<void(const std::string& file, uint64_t done, uint64_t total)> progress;
};

// The folder that holds the model's files, all whole and checked. `name` is "hub:NAME[@REVISION]".
// A commit that is in the cache needs no network; for a branch the server is asked whether it
// moved, and when it cannot be reached the cache serves (and that is said).
// INVALID_ARGUMENT: not such a name; NOT_FOUND: no such model, revision or file; PERMISSION_DENIED:
// gated or private; UNAVAILABLE: the network, after all attempts; DATA_LOSS: a checksum that does
// not fit twice; UNIMPLEMENTED: this xptrain was built without libcurl.
absl::StatusOr<std::filesystem::path> FetchModel(std::string_view name, HubFiles files,
                                                 const HubOptions& options);

// Endpoint, cache, token, CA, offline and first_wait from the environment: XP_HUB_ENDPOINT,
// XP_HUB_CACHE, XP_HUB_TOKEN or HF_TOKEN, XP_HUB_CA, XP_HUB_OFFLINE, XP_HUB_WAIT_MS. `get` is
// getenv, or "" where unset.
HubOptions HubOptionsFromEnvironment(const std::function<std::string(const char*)>& get);

}  // namespace xp::trainer
