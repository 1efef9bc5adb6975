#include "worker/trainer/model/weight_files.h"

#include <absl/strings/str_format.h>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "worker/trainer/files.h"
#include "worker/trainer/model/pickle.h"
#include "worker/trainer/model/zip_file.h"

namespace xp::trainer {
namespace {

namespace fs = std::filesystem;

constexpr const char* kNames[] = {"model.safetensors", "model.safetensors.index.json",
                                  "pytorch_model.bin", "pytorch_model.bin.index.json"};

std::optional<DType> StorageType(const std::string& name) {
  static const std::map<std::string, DType> known = {
      {"DoubleStorage", DType::kF64}, {"FloatStorage", DType::kF32},
      {"HalfStorage", DType::kF16},   {"BFloat16Storage", DType::kBF16},
      {"LongStorage", DType::kI64},   {"IntStorage", DType::kI32},
      {"ShortStorage", DType::kI16},  {"CharStorage", DType::kI8},
      {"ByteStorage", DType::kU8},    {"BoolStorage", DType::kBool}};
  const auto it = known.find(name);
  return it == known.end() ? std::nullopt : std::optional(it->second);
}

// One described array as a view into the archive.
absl::StatusOr<ArrayView> ViewOf(const PickledTensor& tensor, const std::string& folder,
                                 const std::map<std::string, ZipMember>& members) {
  const std::optional<DType> dtype = StorageType(tensor.storage_type);
  if (!dtype) return absl::InvalidArgumentError("its type is " + tensor.storage_type);
  const auto member = members.find(folder + "data/" + tensor.storage_key);
  if (member == members.end()) {
    return absl::DataLossError("the archive lacks data/" + tensor.storage_key);
  }
  ArrayView view{*dtype, tensor.shape};
  uint64_t elements = 1;
  for (size_t i = tensor.shape.size(); i-- > 0;) {
    const int64_t size = tensor.shape[i];
    const bool row_major = i < tensor.stride.size() && uint64_t(tensor.stride[i]) == elements;
    if (size > 1 && !row_major) return absl::InvalidArgumentError("it is not stored row by row");
    if (size > 0 && elements > member->second.bytes.size() / uint64_t(size) + 1) {
      return absl::DataLossError("its shape needs more numbers than there are");
    }
    elements *= uint64_t(size);
  }
  const uint64_t width = DTypeBytes(*dtype), held = member->second.bytes.size() / width;
  if (uint64_t(tensor.offset) > held || elements > held - uint64_t(tensor.offset)) {
    return absl::DataLossError(
        absl::StrFormat("byte %d: its storage is too short", member->second.offset));
  }
  view.data = member->second.bytes.data() + uint64_t(tensor.offset) * width;
  view.bytes = elements * width;
  return view;
}

absl::StatusOr<ArrayFile> ReadPyTorch(const fs::path& file) {
  auto mapped = MappedFile::Open(file);
  if (!mapped.ok()) return mapped.status();
  const auto in_file = [&](const absl::Status& status, const std::string& where) {
    return absl::Status(status.code(),
                        absl::StrFormat("%s: %s%s", file.string(), where, status.message()));
  };
  const std::string_view bytes = (*mapped)->bytes();
  if (!bytes.starts_with("PK")) {
    return absl::InvalidArgumentError(
        file.string() +
        ": byte 0: not a zip archive (torch.save before 1.6?); save it again with a "
        "current PyTorch, or as safetensors");
  }
  auto members = ReadStoredZip(bytes);
  if (!members.ok()) return in_file(members.status(), "");
  std::string folder;
  const ZipMember* pickle = nullptr;
  for (const auto& [name, member] : *members) {
    if (name != "data.pkl" && !name.ends_with("/data.pkl")) continue;
    if (pickle != nullptr) {
      return absl::DataLossError(
          absl::StrFormat("%s: byte %d: a second data.pkl", file.string(), member.offset));
    }
    folder = name.substr(0, name.size() - std::string("data.pkl").size());
    pickle = &member;
  }
  if (pickle == nullptr) return absl::DataLossError(file.string() + ": no data.pkl in it");
  auto tensors = ReadPickledTensors(pickle->bytes);
  if (!tensors.ok()) {
    return in_file(tensors.status(), absl::StrFormat("data.pkl at byte %d: ", pickle->offset));
  }
  ArrayFile out;
  out.owners.push_back(*mapped);
  for (const auto& [name, tensor] : *tensors) {
    auto view = ViewOf(tensor, folder, *members);
    if (!view.ok()) return in_file(view.status(), "tensor '" + name + "': ");
    out.arrays[name] = *std::move(view);
  }
  return out;
}

absl::StatusOr<ArrayFile> ReadOne(const fs::path& file) {
  return file.extension() == ".bin" ? ReadPyTorch(file) : ReadSafetensors(file);
}

// The index maps each array's name to the file that holds it.
absl::StatusOr<ArrayFile> ReadIndexed(const fs::path& index) {
  absl::StatusOr<nlohmann::json> file = ReadJson(index);
  if (!file.ok()) return file.status();
  ArrayFile all;
  if (!file->is_object() || !file->contains("weight_map") || !(*file)["weight_map"].is_object()) {
    return absl::DataLossError(index.string() + ": no \"weight_map\" in it");
  }
  std::map<std::string, ArrayFile> shards;
  for (const auto& [array, name] : (*file)["weight_map"].items()) {
    const std::string text = name.is_string() ? name.get<std::string>() : "";
    if (text.empty() || text[0] == '.' || text.find('/') != text.npos) {
      return absl::DataLossError(
          absl::StrFormat("%s: '%s' lies in %s, which is no file name beside it", index.string(),
                          array, name.dump()));
    }
    if (!shards.contains(text)) {
      absl::StatusOr<ArrayFile> shard = ReadOne(index.parent_path() / text);
      if (!shard.ok()) return shard.status();
      all.owners.insert(all.owners.end(), shard->owners.begin(), shard->owners.end());
      shards.emplace(text, *std::move(shard));
    }
    const auto& arrays = shards[text].arrays;
    const auto found = arrays.find(array);
    if (found == arrays.end()) {
      return absl::DataLossError(absl::StrFormat("%s: '%s' is said to lie in %s, which lacks it",
                                                 index.string(), array, text));
    }
    all.arrays[array] = found->second;
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
    return absl::NotFoundError(
        dir.string() + ": no weights here; expected model.safetensors or pytorch_model.bin");
  }
  *source = (dir / name).string();
  return name.ends_with(".index.json") ? ReadIndexed(dir / name) : ReadOne(dir / name);
}

}  // namespace xp::trainer
