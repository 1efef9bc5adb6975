// How the columns of a series chunk are packed (docs/series-chunk-format.md): each begins with a
// tag byte that names its form; the smallest form wins. Reading gives false, and no more memory
// than `count` entries, for bytes that are no such column.
// Pure functions; safe from any thread.
#pragma once

#include <absl/types/span.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "server/core/byte_stream.h"

namespace xp::core {

// Whole numbers as distances, or distances of distances, whichever is shorter. Signed ones are
// passed as their two's complement.
void WriteIntColumn(absl::Span<const uint64_t> values, ByteWriter& out);
bool ReadIntColumn(ByteReader& in, size_t count, std::vector<uint64_t>& values);

// Doubles, bit for bit: as decimals where they are exactly that, as float32 where they are exactly
// that, else byte by byte (all first bytes, all second bytes …).
void WriteDoubleColumn(absl::Span<const double> values, ByteWriter& out);
bool ReadDoubleColumn(ByteReader& in, size_t count, std::vector<double>& values);

// Yes or no: nothing but the tag where all agree.
void WriteFlagColumn(const std::vector<bool>& flags, ByteWriter& out);
bool ReadFlagColumn(ByteReader& in, size_t count, std::vector<bool>& flags);

// The size that zstd makes of `bytes` at the chunk's level.
size_t CompressedSize(std::string_view bytes);

inline constexpr int kChunkZstdLevel = 3;

}  // namespace xp::core
