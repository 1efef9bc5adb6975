// The worker of one: an xpworker that takes up one run in its folder, reports it to the server
// until the end is confirmed, and leaves. It is a process of its own session, so it goes on when
// xpctl is killed or its terminal is closed.
//
// One thread. The destructor leaves the process as it is.
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>
#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>

#include "client/cpp/file_descriptor.h"
#include "client/xpctl/run/run_record.h"

namespace xp::xpctl {

class Tracker {
 public:
  // `server`: HOST:PORT. The program is $XP_WORKER, else the xpworker beside this one. UNAVAILABLE:
  // it could not be started.
  static absl::StatusOr<Tracker> Start(const RunRecord& record, const std::string& server);

  // True while some xpworker, of this xpctl or another, tracks the run.
  static bool IsTracked(const RunRecord& record);

  // Waits up to `timeout`; its exit code (128 + signal), or nothing while it is there.
  std::optional<int> Ended(absl::Duration timeout);

  // Ends it; what it has not delivered stays in the run's folder.
  void End();

 private:
  Tracker(pid_t pid, client::FileDescriptor handle) : pid_(pid), handle_(std::move(handle)) {}

  pid_t pid_;
  client::FileDescriptor handle_;  // a pidfd
  std::optional<int> code_;
};

}  // namespace xp::xpctl
