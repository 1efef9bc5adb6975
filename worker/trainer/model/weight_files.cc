#include "worker/trainer/model/weight_files.h"

#include <absl/strings/str_format.h>
#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "worker/trainer/model/pickle.h"
#include "worker/trainer/model/row_major.h"
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

// Bytes that a file of `size` may have arrays gathered into: several tensors may be views of one
// storage, and an expanded one has more elements than its own. Models tie one matrix at the most.
constexpr uint64_t MostGathered(uint64_t size) { return 2 * size + (uint64_t{64} << 20); }

// Turns described arrays into views: of the archive, or of copies where they do not lie row by row.
class TensorReader {
 public:
  // All must outlive this; `folder` is what names of members begin with.
  TensorReader(const std::string& folder, const std::map<std::string, ZipMember>& members,
               uint64_t file_size)
      : folder_(folder), members_(members), left_(MostGathered(file_size)) {}

  absl::StatusOr<ArrayView> Read(const PickledTensor& tensor);
  std::vector<std::shared_ptr<const void>> TakeCopies() { return std::move(copies_); }

 private:
  const std::string& folder_;
  const std::map<std::string, ZipMember>& members_;
  uint64_t left_;  // bytes that may still be gathered
  std::vector<std::shared_ptr<const void>> copies_;
};

absl::StatusOr<ArrayView> TensorReader::Read(const PickledTensor& tensor) {
  const std::optional<DType> dtype = StorageType(tensor.storage_type);
  if (!dtype) return absl::InvalidArgumentError("its type is " + tensor.storage_type);
  const auto member = members_.find(folder_ + "data/" + tensor.storage_key);
  if (member == members_.end()) {
    return absl::DataLossError("the archive lacks data/" + tensor.storage_key);
  }
  const std::string_view storage = member->second.bytes;
  const uint64_t width = DTypeBytes(*dtype), held = storage.size() / width;
  if (tensor.stride.size() != tensor.shape.size()) {
    return absl::DataLossError(absl::StrFormat("it has %d sizes and %d strides",
                                               tensor.shape.size(), tensor.stride.size()));
  }
  if (!LiesWithin(tensor.shape, tensor.stride, tensor.offset, held)) {
    return absl::DataLossError(
        absl::StrFormat("its storage at byte %d is too short", member->second.offset));
  }
  const bool row_major = IsRowMajor(tensor.shape, tensor.stride);
  const uint64_t most = row_major ? held : left_ / width;
  uint64_t elements = 1;
  const bool empty = std::find(tensor.shape.begin(), tensor.shape.end(), 0) != tensor.shape.end();
  for (const int64_t size : empty ? std::vector<int64_t>{0} : tensor.shape) {
    if (size > 0 && elements > most / uint64_t(size)) {
      return absl::DataLossError(absl::StrFormat(
          "its shape needs more numbers than its storage at byte %d gives reason for",
          member->second.offset));
    }
    elements *= uint64_t(size);
  }
  ArrayView view{*dtype, tensor.shape};
  view.data = storage.data() + uint64_t(tensor.offset) * width;
  view.bytes = elements * width;
  if (row_major) return view;
  left_ -= view.bytes;
  auto copy = std::make_shared<const std::vector<char>>(
      GatherRowMajor(view.data, width, tensor.shape, tensor.stride));
  view.data = copy->data();
  copies_.push_back(std::move(copy));
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
  TensorReader reader(folder, *members, bytes.size());
  for (const auto& [name, tensor] : *tensors) {
    auto view = reader.Read(tensor);
    if (!view.ok()) {
      return in_file(view.status(),
                     absl::StrFormat("data.pkl at byte %d: tensor '%s': ", pickle->offset, name));
    }
    out.arrays[name] = *std::move(view);
  }
  for (auto& copy : reader.TakeCopies()) out.owners.push_back(std::move(copy));
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
