// The packed form of a run of points of one series: one blob per series and commit, merged in the
// background into blobs of some thousand points. Layout: docs/series-chunk-format.md.
//
// What is decoded is bit for bit what was encoded (NaN payloads and -0.0 included; all NaN epochs
// are one). Bytes that are cut, altered or made up give DATA_LOSS and never more than a few MiB of
// memory. Pure functions; safe from any thread.
#pragma once

#include <absl/status/statusor.h>
#include <absl/types/span.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "server/core/chunk_header.h"
#include "server/core/metric_point.h"

namespace xp::core {

// The most points in one chunk; EncodeSeries cuts at it. 4096 points are about 16 KiB of a
// decimal log (facts/dependencies.md section 3).
inline constexpr size_t kChunkPointsMax = 4096;

struct SeriesChunk {
  ChunkHeader header;
  std::string bytes;
};

// Packs `points` in their order into as few chunks as possible; none for no points.
std::vector<SeriesChunk> EncodeSeries(absl::Span<const MetricPoint> points);

// The points of one chunk. DATA_LOSS when the bytes are not a whole, unaltered chunk; the message
// says what is wrong with them.
absl::StatusOr<std::vector<MetricPoint>> DecodeSeriesChunk(std::string_view bytes);

// The points of all `chunks`, in their order, packed again. DATA_LOSS as above, naming the chunk by
// its place.
absl::StatusOr<std::vector<SeriesChunk>> MergeSeriesChunks(
    absl::Span<const std::string_view> chunks);

}  // namespace xp::core
