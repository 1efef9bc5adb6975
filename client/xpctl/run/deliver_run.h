// Brings a run to the server, as a worker of one: its trial asks for a label that only this worker
// has, so nobody else takes it. Follows a run that still goes on; a run that has ended is brought
// whole. Each call goes on where the one before was cut, as the log is the spool.
//
// Errors: UNAVAILABLE (call again), ALREADY_EXISTS (the trial's name is taken), FAILED_PRECONDITION
// (deleted or taken over on the server), INVALID_ARGUMENT, CANCELLED. Not thread safe.
#pragma once

#include <absl/status/status.h>

#include <functional>

#include "client/cpp/client.h"
#include "client/xpctl/run/run_record.h"

namespace xp::xpctl {

struct DeliverOptions {
  std::function<bool()> cancelled;  // asked several times a second; empty: never
  std::function<absl::Duration()> monotonic;
  std::function<absl::Time()> now;
};

// OK: the server has confirmed the end.
absl::Status DeliverRun(client::Client& client, RunRecord* record, const DeliverOptions& options);

}  // namespace xp::xpctl
