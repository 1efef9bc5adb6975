// The safetensors format: named arrays with a JSON header, read where they lie and written whole.
// No LibTorch here. An opened file is immutable and may be read by any thread; its views live as
// long as it does.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace xp::trainer {

enum class DType { kF64, kF32, kF16, kBF16, kI64, kI32, kI16, kI8, kU8, kBool };
size_t DTypeBytes(DType dtype);
std::string_view DTypeName(DType dtype);  // "F32"

// An array in somebody else's memory, row-major, little-endian.
struct ArrayView {
  DType dtype = DType::kF32;
  std::vector<int64_t> shape;
  const char* data = nullptr;  // may be unaligned
  uint64_t bytes = 0;
};

// A file in memory without being read: pages come as they are touched.
class MappedFile {
 public:
  static absl::StatusOr<std::shared_ptr<const MappedFile>> Open(const std::filesystem::path& file);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  std::string_view bytes() const { return {data_, size_}; }

 private:
  MappedFile(const char* data, size_t size) : data_(data), size_(size) {}
  const char* const data_;
  const size_t size_;
};

struct ArrayFile {
  std::map<std::string, ArrayView> arrays;
  std::map<std::string, std::string> metadata;
  std::vector<std::shared_ptr<const void>> owners;  // of the views' memory
};

// DATA_LOSS names the file and the byte of what is wrong.
absl::StatusOr<ArrayFile> ReadSafetensors(const std::filesystem::path& file);

struct NamedArray {
  std::string name;
  ArrayView array;
};

// Written aside, synced, renamed. Metadata {"format": "pt"}, which transformers asks for, is added.
absl::Status WriteSafetensors(const std::filesystem::path& file,
                              const std::vector<NamedArray>& arrays,
                              std::map<std::string, std::string> metadata = {});

}  // namespace xp::trainer
