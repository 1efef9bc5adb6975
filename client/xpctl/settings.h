// What a run of xpctl is told beside its command: by its options, else by the environment, else by
// a config file (docs/commands.md, "Settings"). Values and a function; safe from any thread.
#pragma once

#include <absl/status/statusor.h>

#include <string>

#include "client/xpctl/terminal.h"

namespace xp::xpctl {

enum class OutputFormat { kTable, kJson, kCsv, kMarkdown };

// As the command line has them; empty: not there.
struct GlobalOptions {
  std::string server;
  std::string output;
  std::string config;
};

struct Settings {
  std::string server;       // HOST:PORT, not looked at
  std::string server_from;  // where it was found, for messages: "from $XP_SERVER"
  OutputFormat output = OutputFormat::kTable;
};

// INVALID_ARGUMENT: a key or a value that is none, with where it stands. NOT_FOUND: the config file
// that was asked for is not there; one at its usual place may be missing.
absl::StatusOr<Settings> ReadSettings(const GlobalOptions& options, const GetEnv& getenv);

}  // namespace xp::xpctl
