// The beginning of a worker's stream: checks its Hello and settles, in one transaction, what the
// worker holds against what the server believes (docs/work-stream.md, "Reconnecting").
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <vector>

#include "server/store/write_context.h"
#include "xp/v1/workers.pb.h"

namespace xp::fleet {

// INVALID_ARGUMENT, naming the field ("hello.slots[1].index: ...").
absl::Status CheckHello(const v1::Hello& hello);

struct Greeting {
  std::vector<v1::Verdict> verdicts;  // one for each held attempt, in order
  v1::Worker worker;                  // as stored: drained, and why
};

// Inside a change: notes the worker, takes back what it names, queues again what it was assigned
// and does not name. Codes as the store's.
absl::StatusOr<Greeting> Greet(store::WriteContext& context, const v1::Hello& hello);

}  // namespace xp::fleet
