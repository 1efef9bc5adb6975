// What the server is told about an attempt's end, the one place where the runner's record becomes
// the words of the protocol. Pure functions; safe from any thread.
#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <string>

#include "worker/runner/exit_record.h"
#include "xp/v1/workers.pb.h"

namespace xp::daemon {

// From the runner's record. No exit code: it never began, or a signal ended it. `log_end`: bytes of
// the log that can be told; the message says so when the runner saw more of it.
v1::Exited ExitedMessage(const v1::AttemptId& attempt, const runner::ExitRecord& record,
                         uint64_t log_end);

// An end without a record: the process never began, or nobody knows how it ended.
v1::Exited ExitedWithout(const v1::AttemptId& attempt, v1::EndReason reason,
                         const std::string& message, absl::Time now);

// The word that goes through the runner's stop request and comes back in its record.
std::string StopWord(v1::EndReason reason);

}  // namespace xp::daemon
