// The whole program but for main: the command line, the command, the exit code. Tests call this.
#pragma once

#include <string>
#include <vector>

#include "client/xpctl/world.h"

namespace xp::xpctl {

// `arguments` without the program's name. Never throws.
int RunXpctl(const std::vector<std::string>& arguments, World& world);

}  // namespace xp::xpctl
