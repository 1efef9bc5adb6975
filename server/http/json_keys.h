// Protobuf's JSON reader takes the last of two equal keys without a word; nothing is silent here.
// Pure; safe from any thread.
#pragma once

#include <absl/status/status.h>

#include <string_view>

namespace xp::http {

// INVALID_ARGUMENT when `json` is not well-formed, nests deeper than 100, or an object in it has a
// key twice; the message names the key or the position.
absl::Status CheckJsonKeys(std::string_view json);

}  // namespace xp::http
