// Thins a series to a point budget for a chart, and says beforehand which chunks must be unpacked
// for it.
//
// Result: the range of the x axis is cut into equal buckets; of each bucket the smallest and the
// largest finite value are kept and, if there is one, the first NaN or ±Inf as a mark; the first
// and the last point of the range are kept always. Points come back in source order, each once. A
// series that fits the budget comes back whole. Budgets below 4 keep only ends: 1 the last point,
// 2 and 3 first and last; 0 nothing.
// Deterministic, and the same whether a chunk came unpacked or as its header.
// Pure functions; safe from any thread.
#pragma once

#include <absl/types/span.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "server/core/chunk_header.h"
#include "server/core/metric_point.h"

namespace xp::core {

enum class ChartAxis {
  kPosition,  // place in the series, from 0
  kStep,
  kTime,  // milliseconds UTC
};

struct ThinningOptions {
  ChartAxis axis = ChartAxis::kPosition;
  size_t budget = 1000;  // points in the answer, at most
  // Both included, in the unit of the axis.
  int64_t from = std::numeric_limits<int64_t>::min();
  int64_t to = std::numeric_limits<int64_t>::max();
};

// A chunk for thinning, in source order. `points` is empty until the plan asks for them.
struct ThinningChunk {
  ChunkHeader header;
  std::vector<MetricPoint> points;
};

// The indexes of the chunks that Thin() needs unpacked. Chunks outside the range are never named.
std::vector<size_t> PlanThinning(absl::Span<const ThinningChunk> chunks,
                                 const ThinningOptions& options);

// A point and its place in the whole series, from 0.
struct ThinnedPoint {
  uint64_t position = 0;
  MetricPoint point;
};

struct ThinnedSeries {
  std::vector<ThinnedPoint> points;
  uint64_t total = 0;  // points in the range before thinning; less than all when unpacked by plan
};

// Thins `chunks`, of which those that PlanThinning named carry their points. A named chunk without
// its points is taken by its header.
ThinnedSeries Thin(absl::Span<const ThinningChunk> chunks, const ThinningOptions& options);

// The same for points in memory.
ThinnedSeries ThinPoints(absl::Span<const MetricPoint> points, const ThinningOptions& options);

}  // namespace xp::core
