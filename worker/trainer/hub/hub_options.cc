#include "worker/trainer/hub/hub_options.h"

#include <absl/strings/numbers.h>

namespace xp::trainer {

HubOptions HubOptionsFromEnvironment(const std::function<std::string(const char*)>& get) {
  HubOptions options;
  if (const std::string endpoint = get("XP_HUB_ENDPOINT"); !endpoint.empty()) {
    options.endpoint = endpoint;
  }
  options.token = get("XP_HUB_TOKEN");
  if (options.token.empty()) options.token = get("HF_TOKEN");
  options.ca_file = get("XP_HUB_CA");
  const std::string offline = get("XP_HUB_OFFLINE");
  options.offline = !offline.empty() && offline != "0";
  uint32_t wait_ms = 0;
  if (absl::SimpleAtoi(get("XP_HUB_WAIT_MS"), &wait_ms) && wait_ms > 0) {
    options.first_wait = std::chrono::milliseconds(wait_ms);
  }
  options.cache = get("XP_HUB_CACHE");
  if (options.cache.empty()) {
    const std::string home = get("XDG_CACHE_HOME");
    options.cache =
        home.empty() ? std::filesystem::path(get("HOME")) / ".cache" : std::filesystem::path(home);
    options.cache /= "xp/hub";
  }
  return options;
}

}  // namespace xp::trainer
