// Thins a series to a point budget for a chart, and says of which chunks the header is enough.
//
// Result: the range of the x axis is cut into equal buckets; of each bucket the smallest and the
// largest finite value are kept and, if there is one, the first NaN or ±Inf as a mark; the first
// and the last point of the range are kept always. Points come back in source order, each once. A
// series that fits the budget comes back whole. Budgets below 4 keep only ends: 1 the last point,
// 2 and 3 first and last; 0 nothing.
// Deterministic, and the same whether a chunk came unpacked or as its header.
#pragma once

#include <absl/types/span.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
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

// A point and its place in the whole series, from 0.
struct ThinnedPoint {
  uint64_t position = 0;
  MetricPoint point;
};

struct ThinnedSeries {
  std::vector<ThinnedPoint> points;
  uint64_t total = 0;  // points in the range before thinning; 0 where the budget is
};

// Takes the chunks of a series one after the other, so that no more than one need be unpacked at a
// time:
//
//   Thinner thinner(headers, options);
//   for (size_t i = 0; i < headers.size(); ++i) {
//     thinner.NeedsPoints(i) ? thinner.TakePoints(i, Unpack(i)) : thinner.TakeHeader(i);
//   }
//   ThinnedSeries chart = std::move(thinner).Finish();
//
// Not thread safe.
class Thinner {
 public:
  // `headers` are those of all chunks in source order; both must outlive this object.
  Thinner(absl::Span<const ChunkHeader> headers, const ThinningOptions& options);
  ~Thinner();
  Thinner(const Thinner&) = delete;
  Thinner& operator=(const Thinner&) = delete;

  // Never of chunks outside the range. Where it says no, points and header give the same chart.
  bool NeedsPoints(size_t chunk) const;

  // Each chunk once, in their order, in one of these two ways. Points are read during the call
  // only.
  void TakePoints(size_t chunk, absl::Span<const MetricPoint> points);
  void TakeHeader(size_t chunk);

  ThinnedSeries Finish() &&;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// The same for points in memory. Pure; safe from any thread.
ThinnedSeries ThinPoints(absl::Span<const MetricPoint> points, const ThinningOptions& options);

}  // namespace xp::core
