#include "worker/trainer/model/weight_files.h"

#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "absl/strings/str_format.h"
#include "worker/trainer/files.h"

namespace xp::trainer {
namespace {

namespace fs = std::filesystem;

constexpr const char* kNames[] = {"model.safetensors", "model.safetensors.index.json"};

// The index maps each array's name to the file that holds it.
absl::StatusOr<ArrayFile> ReadIndexed(const fs::path& index) {
  absl::StatusOr<nlohmann::json> file = ReadJson(index);
  if (!file.ok()) return file.status();
  ArrayFile all;
  if (!file->is_object() || !file->contains("weight_map") || !(*file)["weight_map"].is_object()) {
    return absl::DataLossError(index.string() + ": no \"weight_map\" in it");
  }
  std::set<std::string> names;
  for (const auto& [array, name] : (*file)["weight_map"].items()) {
    const std::string text = name.is_string() ? name.get<std::string>() : "";
    if (text.empty() || text.find('/') != text.npos) {
      return absl::DataLossError(
          absl::StrFormat("%s: '%s' lies in %s, which is no file name beside it", index.string(),
                          array, name.dump()));
    }
    names.insert(text);
  }
  for (const std::string& name : names) {
    absl::StatusOr<ArrayFile> shard = ReadSafetensors(index.parent_path() / name);
    if (!shard.ok()) return shard.status();
    all.arrays.merge(shard->arrays);
    all.owners.insert(all.owners.end(), shard->owners.begin(), shard->owners.end());
  }
  return all;
}

}  // namespace

std::string WeightFileName(const fs::path& dir) {
  std::error_code error;
  for (const char* name : kNames) {
    if (fs::exists(dir / name, error)) return name;
  }
  return "";
}

absl::StatusOr<ArrayFile> ReadWeightFiles(const fs::path& dir, std::string* source) {
  const std::string name = WeightFileName(dir);
  if (name.empty()) {
    return absl::NotFoundError(dir.string() + ": no weights here; expected model.safetensors");
  }
  *source = (dir / name).string();
  return name.ends_with(".index.json") ? ReadIndexed(dir / name) : ReadSafetensors(dir / name);
}

}  // namespace xp::trainer
