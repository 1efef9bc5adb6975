#include "worker/trainer/model/safetensors.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <absl/strings/str_format.h>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>

#include "worker/trainer/files.h"

namespace xp::trainer {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

struct DTypeEntry {
  DType dtype;
  const char* name;
  size_t bytes;
};
constexpr DTypeEntry kDTypes[] = {{DType::kF64, "F64", 8}, {DType::kF32, "F32", 4},
                                  {DType::kF16, "F16", 2}, {DType::kBF16, "BF16", 2},
                                  {DType::kI64, "I64", 8}, {DType::kI32, "I32", 4},
                                  {DType::kI16, "I16", 2}, {DType::kI8, "I8", 1},
                                  {DType::kU8, "U8", 1},   {DType::kBool, "BOOL", 1}};

constexpr uint64_t kMaxHeaderBytes = 100'000'000;  // safetensors' own bound

absl::Status Damaged(const fs::path& file, uint64_t byte, const std::string& what) {
  return absl::DataLossError(absl::StrFormat("%s: byte %d: %s", file.string(), byte, what));
}

std::optional<DType> DTypeByName(const std::string& name) {
  for (const DTypeEntry& entry : kDTypes) {
    if (name == entry.name) return entry.dtype;
  }
  return std::nullopt;
}

// One header entry to a view. Throws json's exceptions on a wrong shape.
absl::StatusOr<ArrayView> ReadEntry(const fs::path& file, const std::string& name,
                                    const Json& entry, std::string_view data, uint64_t data_at) {
  ArrayView view;
  const std::string dtype = entry.at("dtype");
  const std::optional<DType> known = DTypeByName(dtype);
  if (!known) return Damaged(file, 8, "tensor '" + name + "' has the unknown dtype " + dtype);
  view.dtype = *known;
  const uint64_t begin = entry.at("data_offsets").at(0), end = entry.at("data_offsets").at(1);
  uint64_t wanted = DTypeBytes(*known);
  for (const Json& size : entry.at("shape")) {
    const uint64_t rows = size.get<uint64_t>();
    if (rows > 0 && wanted > data.size() / rows + 1)
      wanted = data.size() + 1;  // no overflow
    else
      wanted *= rows;
    view.shape.push_back(int64_t(rows));
  }
  if (begin > end || end > data.size()) {
    return Damaged(file, data_at + std::min<uint64_t>(begin, data.size()),
                   absl::StrFormat("tensor '%s' is said to lie at %d to %d, the data has %d bytes",
                                   name, begin, end, data.size()));
  }
  if (end - begin != wanted) {
    return Damaged(file, data_at + begin,
                   absl::StrFormat("tensor '%s' has %d bytes; its shape needs another number", name,
                                   end - begin));
  }
  view.data = data.data() + begin;
  view.bytes = end - begin;
  return view;
}

}  // namespace

size_t DTypeBytes(DType dtype) { return kDTypes[size_t(dtype)].bytes; }
std::string_view DTypeName(DType dtype) { return kDTypes[size_t(dtype)].name; }

absl::StatusOr<std::shared_ptr<const MappedFile>> MappedFile::Open(const fs::path& file) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return ErrnoStatus("cannot open", file);
  struct stat info {};
  void* data = MAP_FAILED;
  if (::fstat(fd, &info) == 0 && info.st_size > 0) {
    data = ::mmap(nullptr, size_t(info.st_size), PROT_READ, MAP_PRIVATE, fd, 0);
  }
  const int saved = errno;
  ::close(fd);
  if (info.st_size == 0) return absl::DataLossError(file.string() + ": byte 0: the file is empty");
  errno = saved;
  if (data == MAP_FAILED) return ErrnoStatus("cannot map", file);
  return std::shared_ptr<const MappedFile>(
      new MappedFile(static_cast<const char*>(data), size_t(info.st_size)));
}

MappedFile::~MappedFile() { ::munmap(const_cast<char*>(data_), size_); }

absl::StatusOr<ArrayFile> ReadSafetensors(const fs::path& file) {
  auto mapped = MappedFile::Open(file);
  if (!mapped.ok()) return mapped.status();
  const std::string_view bytes = (*mapped)->bytes();
  uint64_t header_bytes = 0;
  if (bytes.size() < 8) return Damaged(file, 0, "too short for a safetensors file");
  std::memcpy(&header_bytes, bytes.data(), 8);
  if (header_bytes > kMaxHeaderBytes || header_bytes > bytes.size() - 8) {
    return Damaged(file, 0,
                   absl::StrFormat("the header is said to have %d bytes, the file has %d",
                                   header_bytes, bytes.size()));
  }
  const std::string_view data = bytes.substr(8 + size_t(header_bytes));
  ArrayFile out;
  out.owners.push_back(*mapped);
  try {
    const Json header = Json::parse(bytes.substr(8, size_t(header_bytes)));
    for (const auto& [name, entry] : header.items()) {
      if (name == "__metadata__") {
        for (const auto& [key, value] : entry.items()) out.metadata[key] = value;
        continue;
      }
      auto view = ReadEntry(file, name, entry, data, 8 + header_bytes);
      if (!view.ok()) return view.status();
      out.arrays[name] = *std::move(view);
    }
  } catch (const Json::exception& error) {
    return Damaged(file, 8, std::string("the header is damaged: ") + error.what());
  }
  return out;
}

absl::Status WriteSafetensors(const fs::path& file, const std::vector<NamedArray>& arrays,
                              std::map<std::string, std::string> metadata) {
  metadata.emplace("format", "pt");
  uint64_t at = 0;
  std::string text = "{\"__metadata__\":" + Json(metadata).dump();
  for (const NamedArray& named : arrays) {
    const Json entry = {{"dtype", DTypeName(named.array.dtype)},
                        {"shape", named.array.shape},
                        {"data_offsets", {at, at + named.array.bytes}}};
    text += "," + Json(named.name).dump() + ":" + entry.dump();
    at += named.array.bytes;
  }
  text += "}";
  text.resize((text.size() + 7) / 8 * 8, ' ');  // so that the data is aligned
  const uint64_t header_bytes = text.size();
  std::error_code error;
  if (file.has_parent_path()) fs::create_directories(file.parent_path(), error);
  fs::path aside = file;
  aside += ".part";
  {
    std::ofstream out(aside, std::ios::binary | std::ios::trunc);
    if (!out) return ErrnoStatus("cannot write", aside);
    out.write(reinterpret_cast<const char*>(&header_bytes), 8);
    out.write(text.data(), std::streamsize(text.size()));
    for (const NamedArray& named : arrays) {
      out.write(named.array.data, std::streamsize(named.array.bytes));
    }
    out.flush();
    if (!out) return ErrnoStatus("cannot write", aside);
  }
  return CommitFile(aside, file);
}

}  // namespace xp::trainer
