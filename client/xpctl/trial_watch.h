// Follows trials of an experiment through restarts of the server, until they have ended.
//
// Errors: the stream's, NOT_FOUND for no such experiment; UNAVAILABLE when the server stayed away
// for an hour. Threads: as the client's.
#pragma once

#include <absl/status/status.h>

#include <functional>
#include <string>
#include <vector>

#include "client/cpp/client.h"
#include "client/xpctl/world.h"
#include "xp/v1/trials.pb.h"

namespace xp::xpctl {

struct TrialWatchOptions {
  std::string experiment;
  std::vector<std::string> trials;  // bare names; empty: all, also those added later
};

// Calls `changed` with each batch of trials as they are first and as they change then, and
// `interrupted` once each time that the server goes away.
absl::Status WatchUntilEnded(client::Client& client, World& world, const TrialWatchOptions& options,
                             const std::function<void(const v1::WatchTrialsResponse&)>& changed,
                             const std::function<void()>& interrupted);

}  // namespace xp::xpctl
