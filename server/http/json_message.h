// Messages as JSON and back: Protobuf's canonical mapping, with lowerCamelCase names (the .proto's
// names are taken too), 64-bit integers as strings, NaN as "NaN", bytes as base64.
// Pure functions; safe from any thread. Never throw.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <google/protobuf/message.h>

#include <string>
#include <string_view>

namespace xp::http {

// An empty text stands for {}. INVALID_ARGUMENT: no JSON, no such message, an unknown field, a key
// that stands twice.
absl::Status ParseJson(std::string_view text, google::protobuf::Message* message);

// Leaves out fields that have their default value. INTERNAL: it cannot be written.
absl::StatusOr<std::string> PrintJson(const google::protobuf::Message& message);

}  // namespace xp::http
