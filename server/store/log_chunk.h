// Raw bytes of a source and their times of arrival as they are stored: docs/database.md.
// Pure functions; safe from any thread.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace xp::store {

// Plain bytes of one stored row, at most: what background merging makes, and a report at most.
inline constexpr size_t kLogChunkMaxBytes = 512 * 1024;

// Byte ranges beginning at .first (offsets of the source) arrived at .second (ms UTC).
using ArrivalTimes = std::vector<std::pair<uint64_t, int64_t>>;

// One zstd frame that carries its content's size.
std::string PackLogBytes(std::string_view plain);

// DATA_LOSS: no such frame, damaged, or more than kLogChunkMaxBytes.
absl::StatusOr<std::string> UnpackLogBytes(std::string_view packed);

// `from` is the offset of the first byte.
std::string PackTimes(uint64_t from, const ArrivalTimes& times);
absl::StatusOr<ArrivalTimes> UnpackTimes(uint64_t from, std::string_view packed);

}  // namespace xp::store
