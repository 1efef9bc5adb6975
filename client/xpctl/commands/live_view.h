// Shows a report again and again: on a terminal in place, elsewhere only when it has changed.
// Not thread safe.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <functional>
#include <string>

#include "client/xpctl/session.h"

namespace xp::xpctl {

enum class Live { kGoesOn, kDone };

class LiveView {
 public:
  explicit LiveView(Session& session) : session_(session) {}

  // Calls `draw` every two seconds until it is done or fails. A server that is away for a while is
  // waited for (UNAVAILABLE after an hour).
  absl::Status Run(const std::function<absl::StatusOr<Live>(LiveView*)>& draw);

  // Called by `draw`, once each time.
  void Print(const Report& report);

 private:
  Session& session_;
  bool live_ = false;
  std::string before_;
};

}  // namespace xp::xpctl
