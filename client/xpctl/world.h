// Everything outside of xpctl that a run of it touches. Tests give streams of their own, a clock
// that stands still and a sleep that does not sleep.
#pragma once

#include <absl/time/time.h>
#include <grpcpp/channel.h>

#include <functional>
#include <iosfwd>
#include <memory>
#include <string>

#include "client/cpp/retry.h"
#include "client/xpctl/terminal.h"

namespace xp::xpctl {

struct World {
  std::istream* in = nullptr;
  std::ostream* out = nullptr;  // tables and data, nothing else
  std::ostream* err = nullptr;  // progress, notes, errors
  Terminal out_terminal;
  Terminal err_terminal;
  GetEnv getenv;
  std::function<absl::Time()> now;
  absl::TimeZone zone;  // for times that people read
  // What retry loops over that channel need.
  std::function<client::RetryEnvironment(std::shared_ptr<grpc::Channel>)> retry_on;
  std::function<std::string()> random_id;  // unique; request ids
};

// The machine's own.
World SystemWorld();

}  // namespace xp::xpctl
