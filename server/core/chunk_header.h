// What a chunk's row says about its points without unpacking them, so that a zoomed-out chart
// touches few blobs (DESIGN section 8): counts, ranges, and the points that a thinned chart would
// pick (downsample.h).
//
// Stored as a few bytes (PackChunkHeader; layout in docs/series-chunk-format.md), or field by
// field. Pure functions; safe from any thread.
#pragma once

#include <absl/status/statusor.h>
#include <absl/types/span.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/core/metric_point.h"

namespace xp::core {

// A point and its place in the chunk, from 0.
struct PlacedPoint {
  uint32_t index = 0;
  MetricPoint point;
};

struct ChunkHeader {
  uint32_t count = 0;  // all points, at least 1
  uint32_t nan_count = 0;
  uint32_t inf_count = 0;
  int64_t min_step = 0;  // steps and times may go backwards: these are ranges, not ends
  int64_t max_step = 0;
  int64_t min_time_ms = 0;
  int64_t max_time_ms = 0;
  PlacedPoint first;
  PlacedPoint last;
  std::optional<PlacedPoint> min;  // of the finite values, of equal ones the first
  std::optional<PlacedPoint> max;
  std::optional<PlacedPoint> not_finite;  // the first NaN or ±Inf
};

// The header of `points`, which must not be empty.
ChunkHeader MakeChunkHeader(absl::Span<const MetricPoint> points);

std::string PackChunkHeader(const ChunkHeader& header);

// DATA_LOSS when the bytes are not a packed header.
absl::StatusOr<ChunkHeader> UnpackChunkHeader(std::string_view bytes);

}  // namespace xp::core
