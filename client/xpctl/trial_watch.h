// Follows trials of an experiment through restarts of the server, until they have ended.
//
// Errors: the stream's, NOT_FOUND for no such experiment; UNAVAILABLE when the server stayed away
// for an hour; CANCELLED. Threads: as the client's.
#pragma once

#include <absl/status/status.h>

#include <functional>
#include <string>
#include <vector>

#include "client/cpp/client.h"
#include "proto/mutex.h"
#include "xp/v1/trials.pb.h"

namespace xp::xpctl {

// Ends a watch from another thread. Safe from any; must outlive the watch.
class WatchCancel {
 public:
  void Cancel();
  bool cancelled() const;

 private:
  friend class WatchedCall;
  mutable Mutex mutex_;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  grpc::ClientContext* call_ ABSL_GUARDED_BY(mutex_) = nullptr;  // the one in progress
};

struct TrialWatchOptions {
  std::string experiment;
  std::vector<std::string> trials;  // bare names; empty: all, also those added later
  enum class Growth { kIgnore, kReport };
  Growth growth = Growth::kIgnore;  // also tell that logs or numbers grew
  WatchCancel* cancel = nullptr;    // null: nobody ends it
};

// Calls `changed` with each batch of trials as they are first and as they change then, and
// `interrupted` once each time that the server goes away.
absl::Status WatchUntilEnded(client::Client& client, const TrialWatchOptions& options,
                             const std::function<void(const v1::WatchTrialsResponse&)>& changed,
                             const std::function<void()>& interrupted);

}  // namespace xp::xpctl
