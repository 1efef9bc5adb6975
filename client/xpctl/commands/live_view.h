// Shows a report again and again as what it shows changes: on a terminal in place, elsewhere only
// when it reads differently. Not thread safe.
#pragma once

#include <absl/status/status.h>
#include <absl/time/time.h>

#include <functional>
#include <string>
#include <vector>

#include "client/cpp/client.h"
#include "client/xpctl/session.h"

namespace xp::xpctl {

class LiveView {
 public:
  explicit LiveView(Session& session) : session_(session) {}

  // Calls `draw` now, at each change of these experiments (every quarter of a second at most, where
  // there is no terminal every two seconds; on a terminal after ten seconds also without one, as
  // durations grow), and a last time when all their trials have ended. A server that is away for a
  // while is waited for (UNAVAILABLE after an hour).
  absl::Status Run(client::Client& client, const std::vector<std::string>& experiments,
                   const std::function<absl::Status(LiveView*)>& draw);

  // Called by `draw`, once each time.
  void Print(const Report& report);

 private:
  absl::Status DrawPatiently(client::Client& client,
                             const std::function<absl::Status(LiveView*)>& draw);
  void SayAway();

  Session& session_;
  bool said_away_ = false;
  std::string before_;
};

}  // namespace xp::xpctl
