#include "worker/trainer/data/ids_lines.h"

#include <absl/strings/str_format.h>
#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "worker/trainer/files.h"

namespace xp::trainer {
namespace {

using nlohmann::json;

// The numbers under `key`, each from 0 to `most`; `fallback` repeated when the key is not there.
absl::StatusOr<std::vector<uint32_t>> Numbers(const json& object, const char* key, uint32_t most,
                                              size_t count, uint32_t fallback) {
  const auto it = object.find(key);
  if (it == object.end() || it->is_null()) return std::vector<uint32_t>(count, fallback);
  std::vector<uint32_t> numbers;
  if (it->is_array()) {
    for (const json& number : *it) {
      if (!number.is_number_unsigned() || number.get<uint64_t>() > most) break;
      numbers.push_back(number.get<uint32_t>());
    }
  }
  if (!it->is_array() || numbers.size() != it->size() || (count > 0 && numbers.size() != count)) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "%s must be a list of whole numbers from 0 to %d, as many as input_ids", key, most));
  }
  return numbers;
}

absl::Status AddLine(const std::string& line, Labels labels, Examples& examples) {
  absl::StatusOr<json> object = ParseJson(line);
  if (!object.ok()) return object.status();
  if (!object->is_object()) return absl::InvalidArgumentError("not a JSON object");
  auto ids = Numbers(*object, "input_ids", uint32_t(kMaxTokenId), 0, 0);
  if (!ids.ok()) return ids.status();
  if (ids->empty()) return absl::InvalidArgumentError("input_ids is missing or empty");
  auto mask = Numbers(*object, "attention_mask", 1, ids->size(), 1);
  if (!mask.ok()) return mask.status();
  if (std::find(mask->begin(), mask->end(), 1u) == mask->end()) {
    return absl::InvalidArgumentError("attention_mask has no 1: there is nothing to attend to");
  }
  auto types = Numbers(*object, "token_type_ids", 100, ids->size(), 0);
  if (!types.ok()) return types.status();
  const json label =
      object->contains("label") ? (*object)["label"] : object->value("labels", json());
  const bool known =
      label.is_number_integer() && label.get<int64_t>() >= 0 && label.get<int64_t>() < (1 << 20);
  if (labels == Labels::kRequired && !known) {
    return absl::InvalidArgumentError("\"label\" must be a class index from 0");
  }
  examples.Add(*ids, known && labels == Labels::kRequired ? label.get<int32_t>() : 0);
  examples.mask.insert(examples.mask.end(), mask->begin(), mask->end());
  examples.types.insert(examples.types.end(), types->begin(), types->end());
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Examples> ParseIdsLines(std::istream& in, const std::string& name, Labels labels) {
  Examples examples;
  std::string line;
  for (size_t number = 1; std::getline(in, line); ++number) {
    if (line.find_first_not_of(" \t\r") == line.npos) continue;
    if (absl::Status status = AddLine(line, labels, examples); !status.ok()) {
      return absl::InvalidArgumentError(
          absl::StrFormat("%s:%d: %s", name, number, status.message()));
    }
  }
  if (in.bad()) return ErrnoStatus("cannot read", name);
  if (examples.size() == 0) return absl::InvalidArgumentError(name + ": no line in it");
  // Where no line says otherwise these say nothing: leave them out, as shards do.
  const auto is = [](uint8_t value) { return [value](uint8_t v) { return v == value; }; };
  if (std::all_of(examples.mask.begin(), examples.mask.end(), is(1))) examples.mask.clear();
  if (std::all_of(examples.types.begin(), examples.types.end(), is(0))) examples.types.clear();
  return examples;
}

absl::StatusOr<Examples> ReadIdsLines(const std::filesystem::path& file, Labels labels) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return ErrnoStatus("cannot open", file);
  return ParseIdsLines(in, file.string(), labels);
}

}  // namespace xp::trainer
