#include "worker/trainer/model/weight_files.h"

#include <absl/strings/str_format.h>
#include <map>
#include <optional>
#include <utility>

#include "worker/trainer/model/pickle.h"
#include "worker/trainer/model/zip_file.h"

namespace xp::trainer {
namespace {

namespace fs = std::filesystem;

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
      return absl::DataLossError(absl::StrFormat(
          "its shape needs more numbers than its storage at byte %d has", member->second.offset));
    }
    elements *= uint64_t(size);
  }
  const uint64_t width = DTypeBytes(*dtype), held = member->second.bytes.size() / width;
  if (uint64_t(tensor.offset) > held || elements > held - uint64_t(tensor.offset)) {
    return absl::DataLossError(
        absl::StrFormat("its storage at byte %d is too short", member->second.offset));
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
    if (!view.ok()) {
      return in_file(view.status(),
                     absl::StrFormat("data.pkl at byte %d: tensor '%s': ", pickle->offset, name));
    }
    out.arrays[name] = *std::move(view);
  }
  return out;
}

absl::StatusOr<ArrayFile> ReadOne(const fs::path& file) {
  return file.extension() == ".bin" ? ReadPyTorch(file) : ReadSafetensors(file);
}

absl::StatusOr<ArrayFile> ReadIndexed(const fs::path& index) {
  const auto map = ReadWeightMap(index);
  if (!map.ok()) return map.status();
  ArrayFile all;
  std::map<std::string, ArrayFile> shards;
  for (const auto& [array, name] : *map) {
    if (!shards.contains(name)) {
      absl::StatusOr<ArrayFile> shard = ReadOne(index.parent_path() / name);
      if (!shard.ok()) return shard.status();
      all.owners.insert(all.owners.end(), shard->owners.begin(), shard->owners.end());
      shards.emplace(name, *std::move(shard));
    }
    const auto& arrays = shards[name].arrays;
    const auto found = arrays.find(array);
    if (found == arrays.end()) {
      return absl::DataLossError(absl::StrFormat("%s: '%s' is said to lie in %s, which lacks it",
                                                 index.string(), array, name));
    }
    all.arrays[array] = found->second;
  }
  return all;
}

}  // namespace

absl::StatusOr<ArrayFile> ReadWeightFiles(const fs::path& dir, std::string* source) {
  const std::string name = WeightFileName(dir);
  if (name.empty()) {
    return absl::NotFoundError(
        dir.string() + ": no weights here; expected model.safetensors or pytorch_model.bin");
  }
  *source = (dir / name).string();
  return IsWeightIndex(name) ? ReadIndexed(dir / name) : ReadOne(dir / name);
}

}  // namespace xp::trainer
