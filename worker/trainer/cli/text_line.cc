#include "worker/trainer/cli/text_line.h"

#include <nlohmann/json.hpp>

#include "worker/trainer/files.h"
#include "worker/trainer/tokenizer/utf8.h"

namespace xp::trainer {

bool IsBlankLine(const std::string& line) { return line.find_first_not_of(" \t\r") == line.npos; }

absl::StatusOr<std::string> ParseTextLine(const std::string& line) {
  absl::StatusOr<nlohmann::json> object =
      ParseJson(IsValidUtf8(line) ? line : ReplaceInvalidUtf8(line));
  if (!object.ok()) return object.status();
  const auto text = object->is_object() ? object->find("text") : object->end();
  if (text == object->end() || !text->is_string()) {
    return absl::InvalidArgumentError("expected {\"text\": \"...\"}");
  }
  return text->get<std::string>();
}

}  // namespace xp::trainer
