// JSON as our small files use it: text that may not be UTF-8, and fields read with their path in
// the error. Free functions; safe from any thread.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace xp::runner {

// A JSON string, or {"hex": "..."} when `text` is not UTF-8.
nlohmann::ordered_json TextToJson(std::string_view text);

// INVALID_ARGUMENT unless `json` is what TextToJson makes.
absl::StatusOr<std::string> TextFromJson(std::string_view field,
                                         const nlohmann::ordered_json& json);

// INVALID_ARGUMENT unless `text` is a JSON object; FAILED_PRECONDITION unless its "version" is
// `version`. `what` names the file in messages.
absl::StatusOr<nlohmann::ordered_json> ParseVersioned(std::string_view what, std::string_view text,
                                                      int version);

// A member of an object: the default when absent, INVALID_ARGUMENT when of another type.
absl::StatusOr<int64_t> IntField(const nlohmann::ordered_json& object, const char* key,
                                 int64_t absent);
absl::StatusOr<std::string> TextField(const nlohmann::ordered_json& object, const char* key);

}  // namespace xp::runner
