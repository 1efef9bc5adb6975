// One JSON object a line, with a text and a label (text, whole number or boolean).
#include <absl/strings/str_format.h>
#include <fstream>
#include <nlohmann/json.hpp>

#include "worker/trainer/data/document.h"
#include "worker/trainer/files.h"
#include "worker/trainer/tokenizer/utf8.h"

namespace xp::trainer {
namespace {

using nlohmann::json;

const json* FindField(const json& object, const std::string& asked,
                      std::initializer_list<const char*> usual) {
  if (!asked.empty()) return object.contains(asked) ? &object.at(asked) : nullptr;
  for (const char* name : usual) {
    if (object.contains(name)) return &object.at(name);
  }
  return nullptr;
}

absl::StatusOr<Document> ToDocument(const std::string& line, const SourceOptions& options) {
  absl::StatusOr<json> object = ParseJson(IsValidUtf8(line) ? line : ReplaceInvalidUtf8(line));
  if (!object.ok()) return object.status();
  if (!object->is_object()) return absl::InvalidArgumentError("not a JSON object");
  const json* text = FindField(*object, options.text_field, {"text", "sentence", "review"});
  if (text == nullptr || !text->is_string()) {
    return absl::InvalidArgumentError("no text under \"text\" (or name its key with --text-field)");
  }
  const json* label = FindField(*object, options.label_field, {"label", "labels", "sentiment"});
  if (label != nullptr && label->is_number_float()) {
    return absl::InvalidArgumentError(
        "the label is a number with a fraction or of more than 64 bits: " + label->dump() +
        "; write it as a text, in quotes");
  }
  if (label == nullptr ||
      !(label->is_string() || label->is_number_integer() || label->is_boolean())) {
    return absl::InvalidArgumentError(
        "no text or whole number under \"label\" (or name its key with --label-field)");
  }
  Document document{text->get<std::string>(), "", options.split};
  if (label->is_boolean()) {
    document.label = label->get<bool>() ? "1" : "0";
  } else {
    document.label = label->is_string() ? label->get<std::string>() : label->dump();
  }
  if (document.label.empty()) return absl::InvalidArgumentError("the label is empty");
  return document;
}

}  // namespace

absl::Status ReadJsonLines(const std::filesystem::path& path, const SourceOptions& options,
                           const OnDocument& on_document) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return ErrnoStatus("cannot open", path);
  std::string line;
  for (size_t number = 1; std::getline(in, line); ++number) {
    if (line.find_first_not_of(" \t\r") == line.npos) continue;
    absl::StatusOr<Document> document = ToDocument(line, options);
    if (!document.ok()) {
      return absl::InvalidArgumentError(
          absl::StrFormat("%s:%d: %s", path.string(), number, document.status().message()));
    }
    if (absl::Status status = on_document(*std::move(document)); !status.ok()) return status;
  }
  return in.bad() ? ErrnoStatus("cannot read", path) : absl::OkStatus();
}

}  // namespace xp::trainer
