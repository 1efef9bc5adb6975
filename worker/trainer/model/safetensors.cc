#include "worker/trainer/model/safetensors.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <absl/strings/str_format.h>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <set>
#include <utility>

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

constexpr size_t kMaxNesting = 4;                 // {name: {key: [number]}} has three
constexpr uint64_t kMaxSize = uint64_t{1} << 40;  // of one dimension

std::optional<uint64_t> AsCount(const Json& value, uint64_t most) {
  if (!value.is_number_unsigned() || value.get<uint64_t>() > most) return std::nullopt;
  return value.get<uint64_t>();
}

// One header entry to a view. Throws json's exceptions on a wrong shape.
absl::StatusOr<ArrayView> ReadEntry(const fs::path& file, const std::string& name,
                                    const Json& entry, std::string_view data, uint64_t data_at) {
  ArrayView view;
  const std::string dtype = entry.at("dtype");
  const std::optional<DType> known = DTypeByName(dtype);
  if (!known) return Damaged(file, 8, "tensor '" + name + "' has the unknown dtype " + dtype);
  view.dtype = *known;
  const Json& offsets = entry.at("data_offsets");
  const auto first = AsCount(offsets.at(0), kMaxSize), last = AsCount(offsets.at(1), kMaxSize);
  if (!first || !last || offsets.size() != 2) {
    return Damaged(file, 8, "tensor '" + name + "' has the data_offsets " + offsets.dump());
  }
  const uint64_t begin = *first, end = *last;
  uint64_t wanted = DTypeBytes(*known);
  for (const Json& size : entry.at("shape")) {
    const std::optional<uint64_t> rows = AsCount(size, kMaxSize);
    if (!rows) {
      return Damaged(file, 8, "tensor '" + name + "' has the shape " + entry.at("shape").dump());
    }
    if (*rows > 0 && wanted > data.size() / *rows + 1) {
      wanted = data.size() + 1;  // no overflow
    } else {
      wanted *= *rows;
    }
    view.shape.push_back(int64_t(*rows));
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

// The format wants the arrays to fill the data without gaps or overlaps.
absl::Status CheckLayout(const fs::path& file, const ArrayFile& arrays, std::string_view data,
                         uint64_t data_at) {
  std::map<uint64_t, std::pair<uint64_t, std::string>> by_begin;
  for (const auto& [name, view] : arrays.arrays) {
    const auto begin = uint64_t(view.data - data.data());
    if (view.bytes == 0) continue;
    const auto [other, fresh] = by_begin.emplace(begin, std::pair(begin + view.bytes, name));
    if (!fresh) {
      return Damaged(file, data_at + begin,
                     "tensors '" + other->second.second + "' and '" + name + "' overlap");
    }
  }
  uint64_t at = 0;
  for (const auto& [begin, entry] : by_begin) {
    if (begin != at) {
      return Damaged(file, data_at + std::min(begin, at),
                     absl::StrFormat("tensor '%s' %s", entry.second,
                                     begin < at ? "overlaps another" : "lies behind a gap"));
    }
    at = entry.first;
  }
  if (at == data.size()) return absl::OkStatus();
  return Damaged(file, data_at + at,
                 absl::StrFormat("%d bytes belong to no tensor", data.size() - at));
}

}  // namespace

size_t DTypeBytes(DType dtype) { return kDTypes[size_t(dtype)].bytes; }
std::string_view DTypeName(DType dtype) { return kDTypes[size_t(dtype)].name; }

absl::StatusOr<std::shared_ptr<const MappedFile>> MappedFile::Open(const fs::path& file) {
  // A pipe that nobody writes into would else be waited for.
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return ErrnoStatus("cannot open", file);
  struct stat info {};
  void* data = MAP_FAILED;
  const bool known = ::fstat(fd, &info) == 0;
  if (known && !S_ISREG(info.st_mode)) {
    ::close(fd);
    return absl::InvalidArgumentError(file.string() + ": is no regular file");
  }
  if (known && info.st_size > 0) {
    data = ::mmap(nullptr, size_t(info.st_size), PROT_READ, MAP_PRIVATE, fd, 0);
  }
  const int saved = errno;
  ::close(fd);
  if (known && info.st_size == 0)
    return absl::DataLossError(file.string() + ": byte 0: the file is empty");
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
  const std::string_view text = bytes.substr(8, size_t(header_bytes));
  const std::string_view data = bytes.substr(8 + size_t(header_bytes));
  if (const size_t deep = FindDeepNesting(text, kMaxNesting); deep < text.size()) {
    return Damaged(file, 8 + deep, "the header nests too deeply");
  }
  ArrayFile out;
  out.owners.push_back(*mapped);
  try {
    std::set<std::string> names;
    std::string twice;
    const Json header = Json::parse(text, [&](int depth, Json::parse_event_t event, Json& parsed) {
      if (event == Json::parse_event_t::key && depth == 1 && !names.insert(parsed).second) {
        twice = parsed;
      }
      return true;
    });
    if (!twice.empty()) return Damaged(file, 8, "the header names '" + twice + "' twice");
    if (!header.is_object()) return Damaged(file, 8, "the header is no JSON object");
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
  absl::Status status = CheckLayout(file, out, data, 8 + header_bytes);
  if (!status.ok()) return status;
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
  return WriteFile(file, [&](std::ostream& out) {
    out.write(reinterpret_cast<const char*>(&header_bytes), 8);
    out.write(text.data(), std::streamsize(text.size()));
    for (const NamedArray& named : arrays) {
      out.write(named.array.data, std::streamsize(named.array.bytes));
    }
  });
}

}  // namespace xp::trainer
