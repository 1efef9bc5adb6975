#include <csignal>
#include <string>
#include <vector>

#include "client/xpctl/world.h"
#include "client/xpctl/xpctl.h"

int main(int argc, char** argv) {
  // `xpctl logs E/T | head` ends quietly.
  std::signal(SIGPIPE, SIG_DFL);
  xp::xpctl::World world = xp::xpctl::SystemWorld();
  return xp::xpctl::RunXpctl(std::vector<std::string>(argv + 1, argv + argc), world);
}
