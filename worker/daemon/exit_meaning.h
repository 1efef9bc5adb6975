// What the end of a run means for its trial: the one place where the runner's record is turned into
// the words of `EndReason` in proto/xp/v1. Pure; safe from any
// thread.
#pragma once

#include <optional>
#include <string>

#include "worker/runner/exit_record.h"

namespace xp::daemon {

struct ExitMeaning {
  std::string reason;            // a name of xp.v1.EndReason; empty: a plain exit, see exit_code
  std::optional<int> exit_code;  // absent: it never began, or a signal ended it
  std::string message;           // what the numbers do not say, for people
};

ExitMeaning MeaningOf(const runner::ExitRecord& record);

}  // namespace xp::daemon
