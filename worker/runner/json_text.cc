#include "worker/runner/json_text.h"

#include <absl/strings/escaping.h>
#include <absl/strings/str_cat.h>

namespace xp::runner {
namespace {

using Json = nlohmann::ordered_json;

bool IsUtf8(std::string_view text) {
  try {
    (void)Json(std::string(text)).dump();
    return true;
  } catch (const Json::exception&) {
    return false;
  }
}

}  // namespace

Json TextToJson(std::string_view text) {
  if (IsUtf8(text)) return Json(std::string(text));
  return Json{{"hex", absl::BytesToHexString({text.data(), text.size()})}};
}

absl::StatusOr<std::string> TextFromJson(std::string_view field, const Json& json) {
  if (json.is_string()) return json.get<std::string>();
  if (json.is_object() && json.size() == 1 && json.contains("hex") && json["hex"].is_string()) {
    return absl::HexStringToBytes(json["hex"].get<std::string>());
  }
  return absl::InvalidArgumentError(
      absl::StrCat(std::string(field), ": found ", json.type_name(), ", expected a string"));
}

absl::StatusOr<Json> ParseVersioned(std::string_view what, std::string_view text, int version) {
  const std::string name(what);
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded() || !json.is_object()) {
    return absl::InvalidArgumentError(absl::StrCat(name, ": not a JSON object"));
  }
  auto found = IntField(json, "version", 0);
  if (!found.ok()) return found.status();
  if (*found != version) {
    return absl::FailedPreconditionError(absl::StrCat(name, ": version ", *found,
                                                      " was found, this build knows version ",
                                                      version, ": upgrade xp on this machine"));
  }
  return json;
}

absl::StatusOr<int64_t> IntField(const Json& object, const char* key, int64_t absent) {
  const auto it = object.find(key);
  if (it == object.end()) return absent;
  if (!it->is_number_integer()) {
    return absl::InvalidArgumentError(
        absl::StrCat(key, ": found ", it->type_name(), ", expected a whole number"));
  }
  return it->get<int64_t>();
}

absl::StatusOr<std::string> TextField(const Json& object, const char* key) {
  const auto it = object.find(key);
  if (it == object.end()) return std::string();
  return TextFromJson(key, *it);
}

}  // namespace xp::runner
