#include "worker/trainer/model/weight_index.h"

#include <absl/strings/str_format.h>
#include <nlohmann/json.hpp>
#include <set>

#include "worker/trainer/files.h"

namespace xp::trainer {

namespace fs = std::filesystem;

std::string WeightFileName(const fs::path& dir) {
  std::error_code error;
  for (const char* name : kWeightFiles) {
    if (fs::exists(dir / name, error)) return name;
  }
  return "";
}

bool IsWeightIndex(const std::string& name) { return name.ends_with(".index.json"); }

absl::StatusOr<std::map<std::string, std::string>> ReadWeightMap(const fs::path& index) {
  absl::StatusOr<nlohmann::json> file = ReadJson(index);
  if (!file.ok()) return file.status();
  if (!file->is_object() || !file->contains("weight_map") || !(*file)["weight_map"].is_object()) {
    return absl::DataLossError(index.string() + ": no \"weight_map\" in it");
  }
  std::map<std::string, std::string> files;
  for (const auto& [array, name] : (*file)["weight_map"].items()) {
    const std::string text = name.is_string() ? name.get<std::string>() : "";
    if (text.empty() || text[0] == '.' || text.find('/') != text.npos ||
        text.find('\0') != text.npos) {
      return absl::DataLossError(
          absl::StrFormat("%s: '%s' lies in %s, which is no file name beside it", index.string(),
                          array, name.dump()));
    }
    files[array] = text;
  }
  return files;
}

absl::StatusOr<std::vector<std::string>> WeightFilesOf(const fs::path& dir) {
  const std::string name = WeightFileName(dir);
  if (name.empty()) return std::vector<std::string>();
  if (!IsWeightIndex(name)) return std::vector<std::string>{name};
  const auto map = ReadWeightMap(dir / name);
  if (!map.ok()) return map.status();
  std::set<std::string> all{name};
  for (const auto& [array, file] : *map) all.insert(file);
  return std::vector<std::string>(all.begin(), all.end());
}

}  // namespace xp::trainer
