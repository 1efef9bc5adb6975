#include "server/core/chunk_header.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "server/core/byte_stream.h"
#include "tests/server/core/series_points.h"

namespace xp::core {
namespace {

bool Same(const std::optional<PlacedPoint>& a, const std::optional<PlacedPoint>& b) {
  if (!a || !b) return a.has_value() == b.has_value();
  return a->index == b->index && BitEqual(a->point, b->point);
}

void ExpectSame(const ChunkHeader& a, const ChunkHeader& b) {
  EXPECT_EQ(a.count, b.count);
  EXPECT_EQ(a.nan_count, b.nan_count);
  EXPECT_EQ(a.inf_count, b.inf_count);
  EXPECT_EQ(a.min_step, b.min_step);
  EXPECT_EQ(a.max_step, b.max_step);
  EXPECT_EQ(a.min_time_ms, b.min_time_ms);
  EXPECT_EQ(a.max_time_ms, b.max_time_ms);
  EXPECT_TRUE(Same(a.first, b.first));
  EXPECT_TRUE(Same(a.last, b.last));
  EXPECT_TRUE(Same(a.min, b.min));
  EXPECT_TRUE(Same(a.max, b.max));
  EXPECT_TRUE(Same(a.not_finite, b.not_finite));
}

TEST(ChunkHeaderTest, SaysWhatIsInThePoints) {
  std::vector<MetricPoint> points(5);
  const double values[] = {2, std::nan(""), -1, 2, std::numeric_limits<double>::infinity()};
  const int64_t steps[] = {10, 20, 5, 30, 40};
  for (size_t i = 0; i < 5; ++i) {
    points[i].value = values[i];
    points[i].step = steps[i];
    points[i].time_ms = 1000 - steps[i];
  }
  const ChunkHeader header = MakeChunkHeader(points);
  EXPECT_EQ(header.count, 5u);
  EXPECT_EQ(header.nan_count, 1u);
  EXPECT_EQ(header.inf_count, 1u);
  EXPECT_EQ(header.min_step, 5);
  EXPECT_EQ(header.max_step, 40);
  EXPECT_EQ(header.min_time_ms, 960);
  EXPECT_EQ(header.max_time_ms, 995);
  EXPECT_EQ(header.min->index, 2u);
  EXPECT_EQ(header.max->index, 0u) << "of equal ones the first";
  EXPECT_EQ(header.not_finite->index, 1u);
}

TEST(ChunkHeaderTest, WithoutFiniteValuesThereAreNoExtremes) {
  MetricPoint point;
  point.value = std::nan("");
  const ChunkHeader header = MakeChunkHeader({point});
  EXPECT_FALSE(header.min || header.max);
  const auto back = UnpackChunkHeader(PackChunkHeader(header));
  ASSERT_TRUE(back.ok());
  ExpectSame(*back, header);
}

TEST(ChunkHeaderTest, PackedComesBackForEveryShape) {
  for (const Shape shape : kShapes) {
    for (const size_t count : {1, 2, 5, 500}) {
      const ChunkHeader header = MakeChunkHeader(MakePoints(shape, count, count));
      const std::string bytes = PackChunkHeader(header);
      EXPECT_LT(bytes.size(), 320u);
      const auto back = UnpackChunkHeader(bytes);
      ASSERT_TRUE(back.ok());
      ExpectSame(*back, header);
    }
  }
  EXPECT_LT(PackChunkHeader(MakeChunkHeader(MakePoints(Shape::kDoubleNoise, 1))).size(), 48u);
}

TEST(ChunkHeaderTest, CutOrAlteredBytesAreDataLoss) {
  std::string bytes = PackChunkHeader(MakeChunkHeader(MakePoints(Shape::kDecimalsWithNan, 100)));
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(UnpackChunkHeader(std::string_view(bytes).substr(0, size)).ok());
  }
  for (char& byte : bytes) {
    byte = static_cast<char>(byte ^ 0x10);
    EXPECT_EQ(UnpackChunkHeader(bytes).status().code(), absl::StatusCode::kDataLoss);
    byte = static_cast<char>(byte ^ 0x10);
  }
}

TEST(ChunkHeaderTest, SealedNonsenseNeverNamesAPointThatIsNotThere) {
  std::mt19937_64 random(5);
  const std::string bytes =
      PackChunkHeader(MakeChunkHeader(MakePoints(Shape::kDecimalsWithNan, 100)));
  for (int round = 0; round < 3000; ++round) {
    ByteWriter out;
    std::string body = bytes.substr(0, bytes.size() - 4);
    body[random() % body.size()] = static_cast<char>(random());
    out.Bytes(body);
    out.Checksum();
    const auto header = UnpackChunkHeader(out.bytes());
    if (!header.ok()) continue;
    EXPECT_LT(header->last.index, header->count);
    EXPECT_EQ(header->min.has_value(), header->nan_count + header->inf_count < header->count);
  }
}

}  // namespace
}  // namespace xp::core
