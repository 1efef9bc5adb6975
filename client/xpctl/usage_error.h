// What is wrong with a command line, said so that it can be put right: which command, and the
// nearest word where one is unknown. Pure functions.
#pragma once

#include <absl/status/status.h>

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace xp::xpctl {

// INVALID_ARGUMENT when the first word, which is meant as a command, is none. Before the parse: the
// rest of the line might still make sense to it.
absl::Status CheckCommand(const CLI::App& app, const std::vector<std::string>& arguments);

// For the error that app.parse() threw: "compare: unknown option --stta; did you mean --stat? ...".
absl::Status UsageError(const CLI::App& app, const CLI::ParseError& error);

}  // namespace xp::xpctl
