// How a worker is set up: flags, environment variables, a config file, in this order of weight.
#pragma once

#include <absl/status/statusor.h>

#include <map>
#include <string>
#include <variant>

#include "worker/daemon/slots.h"

namespace xp::daemon {

enum class WhenIdle { kWait, kLeave };

struct Config {
  std::string server = "127.0.0.1:7070";
  std::string work_dir;
  std::string name;  // empty: the one kept in the work folder, else made from the host's
  SlotChoice slots;
  std::map<std::string, std::string> labels;
  WhenIdle when_idle = WhenIdle::kWait;  // kLeave: --once
  std::string adopt;                     // see DaemonOptions
  std::string runner;                    // the xprunner to use; empty: the one beside this program
  std::string log_level = "info";
};

// What the command line asks for: to run so, or to end at once with this exit code (the help or
// the complaint has been printed).
std::variant<Config, int> ParseCommandLine(int argc, const char* const* argv);

}  // namespace xp::daemon
