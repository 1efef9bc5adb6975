#include "server/core/downsample.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "server/core/series_chunk.h"
#include "tests/server/core/series_points.h"

namespace xp::core {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<MetricPoint> Flat(size_t count) {
  std::vector<MetricPoint> points(count);
  for (size_t i = 0; i < count; ++i) {
    points[i].step = static_cast<int64_t>(i) * 10;
    points[i].time_ms = static_cast<int64_t>(i) * 1000;
    points[i].log_offset = i;
  }
  return points;
}

// Cut into chunks of the sizes given in turn, as commits of different size leave them.
std::vector<ChunkHeader> Chunks(const std::vector<MetricPoint>& points, std::vector<size_t> sizes) {
  std::vector<ChunkHeader> headers;
  size_t from = 0;
  for (size_t i = 0; from < points.size(); ++i) {
    const auto part = absl::MakeConstSpan(points).subspan(from, sizes[i % sizes.size()]);
    headers.push_back(MakeChunkHeader(part));
    from += part.size();
  }
  return headers;
}

enum class Unpack { kWhatIsNeeded, kAll };

// Hands the chunks over one by one, unpacked or as headers.
ThinnedSeries ThinChunks(const std::vector<MetricPoint>& points,
                         const std::vector<ChunkHeader>& headers, const ThinningOptions& options,
                         Unpack unpack, size_t* unpacked = nullptr) {
  Thinner thinner(headers, options);
  size_t start = 0;
  size_t count = 0;
  for (size_t i = 0; i < headers.size(); ++i) {
    if (unpack == Unpack::kAll || thinner.NeedsPoints(i)) {
      ++count;
      thinner.TakePoints(i, absl::MakeConstSpan(points).subspan(start, headers[i].count));
    } else {
      thinner.TakeHeader(i);
    }
    start += headers[i].count;
  }
  if (unpacked != nullptr) *unpacked = count;
  return std::move(thinner).Finish();
}

ThinnedSeries ByPlan(const std::vector<MetricPoint>& points,
                     const std::vector<ChunkHeader>& headers, const ThinningOptions& options,
                     size_t* unpacked = nullptr) {
  return ThinChunks(points, headers, options, Unpack::kWhatIsNeeded, unpacked);
}

void ExpectSame(const ThinnedSeries& a, const ThinnedSeries& b) {
  ASSERT_EQ(a.points.size(), b.points.size());
  EXPECT_EQ(a.total, b.total);
  for (size_t i = 0; i < a.points.size(); ++i) {
    EXPECT_EQ(a.points[i].position, b.points[i].position);
    EXPECT_TRUE(BitEqual(a.points[i].point, b.points[i].point));
  }
}

std::vector<uint64_t> Positions(const ThinnedSeries& series) {
  std::vector<uint64_t> positions;
  for (const ThinnedPoint& point : series.points) positions.push_back(point.position);
  return positions;
}

TEST(DownsampleTest, WhatFitsComesBackWhole) {
  const std::vector<MetricPoint> points = MakePoints(Shape::kDecimalsWithNan, 100);
  const ThinnedSeries thinned = ThinPoints(points, {.budget = 100});
  ASSERT_EQ(thinned.points.size(), 100u);
  EXPECT_EQ(thinned.total, 100u);
  for (size_t i = 0; i < 100; ++i) EXPECT_TRUE(BitEqual(thinned.points[i].point, points[i]));
}

TEST(DownsampleTest, ASpikeIsNeverLost) {
  for (size_t spike : {1u, 4999u, 5000u, 9998u}) {
    for (const double height : {50.0, -50.0}) {
      std::vector<MetricPoint> points = Flat(10000);
      points[spike].value = height;
      for (const size_t budget : {4, 5, 10, 100, 1000}) {
        const ThinnedSeries thinned = ThinPoints(points, {.budget = budget});
        EXPECT_LE(thinned.points.size(), budget);
        EXPECT_THAT(Positions(thinned), ::testing::Contains(spike)) << budget;
      }
    }
  }
}

TEST(DownsampleTest, FirstAndLastAreKeptAndNoBudgetIsExceeded) {
  for (const Shape shape : kShapes) {
    const std::vector<MetricPoint> points = MakePoints(shape, 3000);
    for (const ChartAxis axis : {ChartAxis::kPosition, ChartAxis::kStep, ChartAxis::kTime}) {
      for (const size_t budget : {2, 3, 4, 5, 6, 7, 50, 999}) {
        const ThinnedSeries thinned = ThinPoints(points, {.axis = axis, .budget = budget});
        ASSERT_GE(thinned.points.size(), 2u);
        EXPECT_LE(thinned.points.size(), budget);
        EXPECT_EQ(thinned.points.front().position, 0u);
        EXPECT_EQ(thinned.points.back().position, 2999u);
        EXPECT_EQ(thinned.total, 3000u);
        const std::vector<uint64_t> positions = Positions(thinned);
        EXPECT_TRUE(std::is_sorted(positions.begin(), positions.end()));
      }
    }
  }
}

TEST(DownsampleTest, TinyBudgets) {
  const std::vector<MetricPoint> points = Flat(10);
  EXPECT_THAT(Positions(ThinPoints(points, {.budget = 0})), IsEmpty());
  EXPECT_THAT(Positions(ThinPoints(points, {.budget = 1})), ElementsAre(9));
  EXPECT_THAT(Positions(ThinPoints(points, {.budget = 2})), ElementsAre(0, 9));
  EXPECT_THAT(Positions(ThinPoints({}, {.budget = 5})), IsEmpty());
}

TEST(DownsampleTest, NanAndInfLeaveAMark) {
  std::vector<MetricPoint> points = Flat(1000);
  points[500].value = std::nan("");
  points[700].value = std::numeric_limits<double>::infinity();
  EXPECT_THAT(Positions(ThinPoints(points, {.budget = 30})), ::testing::IsSupersetOf({500u, 700u}));
}

TEST(DownsampleTest, ARangeKeepsOnlyItself) {
  const std::vector<MetricPoint> points = Flat(1000);
  const ThinnedSeries steps =
      ThinPoints(points, {.axis = ChartAxis::kStep, .budget = 8, .from = 2000, .to = 3000});
  EXPECT_EQ(steps.total, 101u);
  EXPECT_EQ(steps.points.front().position, 200u);
  EXPECT_EQ(steps.points.back().position, 300u);
  const ThinnedSeries time =
      ThinPoints(points, {.axis = ChartAxis::kTime, .budget = 500, .from = 999'000});
  EXPECT_THAT(Positions(time), ElementsAre(999));
  EXPECT_THAT(
      Positions(ThinPoints(points, {.axis = ChartAxis::kStep, .budget = 8, .from = 1, .to = 9})),
      IsEmpty());
}

TEST(DownsampleTest, AWholeRangeInsideALongSeriesIsNotThinned) {
  const std::vector<MetricPoint> points = Flat(100'000);
  size_t unpacked = 0;
  const ThinnedSeries zoomed =
      ByPlan(points, Chunks(points, {1000}),
             {.axis = ChartAxis::kPosition, .budget = 1000, .from = 5500, .to = 6400}, &unpacked);
  EXPECT_EQ(zoomed.points.size(), 901u);
  EXPECT_EQ(unpacked, 2u);
}

TEST(DownsampleTest, AZoomedOutChartUnpacksFewChunks) {
  const std::vector<MetricPoint> points = MakePoints(Shape::kDecimalLog, 200'000);
  size_t unpacked = 0;
  const ThinnedSeries thinned = ByPlan(points, Chunks(points, {1000}), {.budget = 22}, &unpacked);
  EXPECT_EQ(unpacked, 0u) << "ten buckets of twenty whole chunks each";
  EXPECT_LE(thinned.points.size(), 22u);
  ByPlan(points, Chunks(points, {1000}), {.budget = 23 * 2}, &unpacked);
  EXPECT_LE(unpacked, 22u) << "at most one chunk at each border of two buckets";
}

TEST(DownsampleTest, ByHeadersAndByPointsAreTheSame) {
  std::mt19937_64 random(11);
  for (const Shape shape : kShapes) {
    for (int round = 0; round < 40; ++round) {
      const std::vector<MetricPoint> points = MakePoints(shape, 1 + random() % 3000, random());
      ThinningOptions options;
      options.axis = static_cast<ChartAxis>(random() % 3);
      options.budget = random() % 200;
      if (round % 2 == 0) {
        const int64_t ends[] = {points[random() % points.size()].step,
                                points[random() % points.size()].step};
        options.axis = ChartAxis::kStep;
        options.from = std::min(ends[0], ends[1]);
        options.to = std::max(ends[0], ends[1]);
      }
      const std::vector<ChunkHeader> chunks =
          Chunks(points, {1 + random() % 5, 1 + random() % 100, 1 + random() % 900});
      ExpectSame(ByPlan(points, chunks, options),
                 ThinChunks(points, chunks, options, Unpack::kAll));
    }
  }
}

// Where a bucket's borders are computed once and where each point is divided, the same comes out.
TEST(DownsampleTest, RangesThatNoIntegerMeasuresAreCutEvenly) {
  std::vector<MetricPoint> points = Flat(1000);
  for (size_t i = 0; i < points.size(); ++i) {
    points[i].value = std::sin(static_cast<double>(i));
    points[i].step = static_cast<int64_t>((uint64_t{1} << 63) + i * (UINT64_MAX / 1000));
  }
  points.back().step = std::numeric_limits<int64_t>::max();
  const ThinnedSeries thinned = ThinPoints(points, {.axis = ChartAxis::kStep, .budget = 202});
  EXPECT_EQ(thinned.total, 1000u);
  EXPECT_EQ(thinned.points.front().position, 0u);
  EXPECT_EQ(thinned.points.back().position, 999u);
  EXPECT_GT(thinned.points.size(), 190u);
}

TEST(DownsampleTest, MinAndMaxOfTheWholeAreAlwaysThere) {
  std::mt19937_64 random(2);
  for (int round = 0; round < 50; ++round) {
    const std::vector<MetricPoint> points = MakePoints(Shape::kDoubleNoise, 2000, random());
    const ChunkHeader header = MakeChunkHeader(points);
    const ThinnedSeries thinned = ThinPoints(points, {.axis = ChartAxis::kTime, .budget = 4});
    EXPECT_THAT(Positions(thinned), ::testing::IsSupersetOf({uint64_t{header.min->index},
                                                             uint64_t{header.max->index}}));
  }
}

}  // namespace
}  // namespace xp::core
