#include "client/xpctl/world.h"

#include <absl/time/clock.h>

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <random>

#include "client/cpp/reconnect_pause.h"

namespace xp::xpctl {

World SystemWorld() {
  World world;
  world.in = &std::cin;
  world.out = &std::cout;
  world.err = &std::cerr;
  world.getenv = [](const char* name) -> const char* { return std::getenv(name); };
  world.out_terminal = InspectTerminal(1, world.getenv);
  world.err_terminal = InspectTerminal(2, world.getenv);
  world.now = [] { return absl::Now(); };
  world.zone = absl::LocalTimeZone();
  world.retry_on = client::SystemRetryOn;
  world.random_id = [] {
    std::random_device device;
    std::string id;
    for (int i = 0; i < 32; ++i) id += "0123456789abcdef"[device() % 16];
    return id;
  };
  return world;
}

}  // namespace xp::xpctl
