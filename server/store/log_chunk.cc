#include "server/store/log_chunk.h"

#include <zstd.h>

#include "proto/status.h"
#include "server/core/byte_stream.h"

namespace xp::store {
namespace {

// Of levels 1 to 3 the ratio is the same on logs, and 1 is the fastest (facts/dependencies.md 3).
constexpr int kLevel = 1;

}  // namespace

std::string PackLogBytes(std::string_view plain) {
  std::string packed(ZSTD_compressBound(plain.size()), '\0');
  const size_t size =
      ZSTD_compress(packed.data(), packed.size(), plain.data(), plain.size(), kLevel);
  packed.resize(ZSTD_isError(size) ? 0 : size);  // cannot fail: the room is the bound
  return packed;
}

absl::StatusOr<std::string> UnpackLogBytes(std::string_view packed) {
  const unsigned long long size = ZSTD_getFrameContentSize(packed.data(), packed.size());
  if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR ||
      size > kLogChunkMaxBytes) {
    return absl::DataLossError("the bytes are no zstd frame of at most 512 KiB with its size");
  }
  std::string plain(size, '\0');
  const size_t result = ZSTD_decompress(plain.data(), plain.size(), packed.data(), packed.size());
  if (ZSTD_isError(result) || result != size) {
    return absl::DataLossError(absl::StrCat(
        "the zstd frame is damaged: ",
        ZSTD_isError(result) ? ZSTD_getErrorName(result) : "another length than it says"));
  }
  return plain;
}

std::string PackTimes(uint64_t from, const ArrivalTimes& times) {
  core::ByteWriter writer;
  uint64_t offset = from;
  int64_t time = 0;
  for (const auto& [at, ms] : times) {
    writer.Varint(at - offset);
    writer.Varint(core::ZigZag(ms - time));
    offset = at;
    time = ms;
  }
  return std::move(writer).Take();
}

absl::StatusOr<ArrivalTimes> UnpackTimes(uint64_t from, std::string_view packed) {
  ArrivalTimes times;
  core::ByteReader reader(packed);
  uint64_t offset = from;
  int64_t time = 0;
  while (reader.ok() && !reader.at_end()) {
    offset += reader.Varint();
    time += core::UnZigZag(reader.Varint());
    times.emplace_back(offset, time);
  }
  if (!reader.ok()) return absl::DataLossError("arrival times are damaged");
  return times;
}

}  // namespace xp::store
