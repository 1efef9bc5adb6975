#include "worker/trainer/train/checkpoint_seal.h"

#include <zlib.h>

#include <absl/strings/str_format.h>
#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "worker/trainer/files.h"

namespace xp::trainer {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSum = "crc32";
constexpr const char* kBytes = "bytes";
constexpr size_t kBlock = size_t{1} << 20;

struct FileSum {
  uint64_t bytes = 0;
  uint32_t crc32 = 0;
};

absl::StatusOr<FileSum> SumFile(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return ErrnoStatus("cannot open", file);
  FileSum sum;
  std::vector<char> block(kBlock);
  while (in.read(block.data(), std::streamsize(block.size())) || in.gcount() > 0) {
    const auto got = size_t(in.gcount());
    sum.bytes += got;
    sum.crc32 = uint32_t(crc32_z(sum.crc32, reinterpret_cast<const Bytef*>(block.data()), got));
  }
  if (in.bad()) return ErrnoStatus("cannot read", file);
  return sum;
}

uint32_t SumOfRest(nlohmann::json object) {
  object.erase(kSum);
  const std::string text = object.dump();
  return uint32_t(crc32_z(0, reinterpret_cast<const Bytef*>(text.data()), text.size()));
}

}  // namespace

absl::StatusOr<nlohmann::json> SumFiles(const fs::path& dir) {
  nlohmann::json sums = nlohmann::json::object();
  std::error_code error;
  for (fs::directory_iterator entry(dir, error), end; !error && entry != end;
       entry.increment(error)) {
    const absl::StatusOr<FileSum> sum = SumFile(entry->path());
    if (!sum.ok()) return sum.status();
    sums[entry->path().filename().string()] = {{kBytes, sum->bytes}, {kSum, sum->crc32}};
  }
  if (!error) return sums;
  errno = error.value();
  return ErrnoStatus("cannot read", dir);
}

absl::Status CheckFileSums(const fs::path& dir, const nlohmann::json& sums) {
  for (const auto& [name, written] : sums.items()) {
    const fs::path file = dir / name;
    if (!written.is_object() || !written.value(kBytes, nlohmann::json()).is_number_unsigned() ||
        !written.value(kSum, nlohmann::json()).is_number_unsigned()) {
      return absl::DataLossError(file.string() + ": no size and CRC-32 of it are kept");
    }
    const absl::StatusOr<FileSum> sum = SumFile(file);
    if (!sum.ok()) return sum.status();
    const auto bytes = written.at(kBytes).get<uint64_t>();
    if (sum->bytes != bytes) {
      return absl::DataLossError(
          absl::StrFormat("%s: byte %d: the file ends here, %d bytes were "
                          "written",
                          file.string(), sum->bytes, bytes));
    }
    if (sum->crc32 != written.at(kSum).get<uint32_t>()) {
      return absl::DataLossError(absl::StrFormat(
          "%s: its %d bytes are not those that were written: the CRC-32 does not fit",
          file.string(), bytes));
    }
  }
  return absl::OkStatus();
}

void Seal(nlohmann::json& object) { object[kSum] = SumOfRest(object); }

bool IsWhole(const nlohmann::json& object) {
  const auto sum = object.find(kSum);
  return sum == object.end() || *sum == SumOfRest(object);
}

}  // namespace xp::trainer
