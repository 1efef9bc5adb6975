// How and from where models are fetched. Plain values.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace xp::trainer {

struct HubOptions {
  std::string endpoint = "https://huggingface.co";  // slashes at its end do not count
  std::filesystem::path cache;                      // the folder of all models
  std::string token;                                // sent to the endpoint's host alone
  std::filesystem::path ca_file;                    // PEM; empty: the system's authorities
  bool offline = false;                             // the cache is all there is
  int attempts = 5;                                 // of one file
  std::chrono::milliseconds first_wait{1000};       // before the second attempt; then doubled
  std::chrono::seconds connect_timeout{30};
  std::chrono::seconds stall_timeout{60};  // without a byte

  std::function<void(std::chrono::milliseconds)> wait;  // between attempts, and for another's lock
  std::function<bool()> stopping;               // asked now and then; true: give up, with CANCELLED
  std::function<void(const std::string&)> say;  // a line for people
  // Bytes of the file that is under way; total is 0 where the server did not say.
  std::function<void(const std::string& file, uint64_t done, uint64_t total)> progress;
};

// Endpoint, cache, token, CA, offline and first_wait from the environment: XP_HUB_ENDPOINT,
// XP_HUB_CACHE, XP_HUB_TOKEN or HF_TOKEN, XP_HUB_CA, XP_HUB_OFFLINE, XP_HUB_WAIT_MS. `get` is
// getenv, or "" where unset.
HubOptions HubOptionsFromEnvironment(const std::function<std::string(const char*)>& get);

}  // namespace xp::trainer
