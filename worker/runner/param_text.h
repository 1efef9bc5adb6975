// A param's value in the forms that a training program meets it. Free functions; safe from any
// thread.
#pragma once

#include <string>
#include <string_view>

#include "worker/runner/training_environment.h"

namespace xp::runner {

// As a word of the command line: True, False, the file's own digits, JSON for lists and maps.
// Empty for null.
std::string ParamAsArgument(const Param& param);

// As JSON. A number that JSON does not have (YAML's .5 or .inf) becomes a string.
std::string ParamAsJson(const Param& param);

// A JSON string, quotes included.
std::string TextAsJson(std::string_view text);

}  // namespace xp::runner
