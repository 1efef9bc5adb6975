#include "server/core/series_chunk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <string>

#include "server/core/byte_stream.h"
#include "tests/server/core/series_points.h"

namespace xp::core {
namespace {

using ::testing::HasSubstr;

void ExpectBitEqual(const std::vector<MetricPoint>& got, const std::vector<MetricPoint>& want) {
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < want.size(); ++i) ASSERT_TRUE(BitEqual(got[i], want[i])) << "point " << i;
}

std::vector<MetricPoint> DecodeAll(const std::vector<SeriesChunk>& chunks) {
  std::vector<MetricPoint> points;
  for (const SeriesChunk& chunk : chunks) {
    const auto part = DecodeSeriesChunk(chunk.bytes);
    EXPECT_TRUE(part.ok()) << part.status();
    if (part.ok()) points.insert(points.end(), part->begin(), part->end());
  }
  return points;
}

// The same bytes with a checksum that agrees with them: what a hostile writer would send.
std::string Sealed(std::string_view body) {
  ByteWriter out;
  out.Bytes(body);
  out.Checksum();
  return std::move(out).Take();
}

std::string_view Body(const std::string& chunk) {
  return std::string_view(chunk).substr(0, chunk.size() - 4);
}

TEST(SeriesChunkTest, EveryShapeAndSizeComesBackBitForBit) {
  for (const Shape shape : kShapes) {
    for (const size_t count : {1, 2, 3, 7, 8, 9, 63, 64, 65, 1000, 4096, 4097, 10000}) {
      SCOPED_TRACE(static_cast<int>(shape));
      const std::vector<MetricPoint> points = MakePoints(shape, count, count);
      const std::vector<SeriesChunk> chunks = EncodeSeries(points);
      EXPECT_EQ(chunks.size(), (count + kChunkPointsMax - 1) / kChunkPointsMax);
      ExpectBitEqual(DecodeAll(chunks), points);
    }
  }
}

TEST(SeriesChunkTest, NothingMakesNoChunk) { EXPECT_TRUE(EncodeSeries({}).empty()); }

TEST(SeriesChunkTest, KindsOfNanAndSignsOfZeroStayApart) {
  std::vector<MetricPoint> points;
  for (const uint64_t bits : std::initializer_list<uint64_t>{
           0x7ff8000000000000u, 0xfff8000000000000u, 0x7ff0000000000001u, 0xfff4deadbeef0001u,
           0x7fffffffffffffffu, 0x0000000000000000u, 0x8000000000000000u, 0x7ff0000000000000u,
           0xfff0000000000000u, 0x0000000000000001u}) {
    points.emplace_back().value = std::bit_cast<double>(bits);
  }
  for (int i = 0; i < 300; ++i) points.emplace_back().value = i * 0.25;  // enough for decimals
  ExpectBitEqual(DecodeAll(EncodeSeries(points)), points);
}

TEST(SeriesChunkTest, ExtremeStepsTimesAndOffsets) {
  constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  std::vector<MetricPoint> points;
  for (const int64_t n : {kMin, kMax, int64_t{0}, kMax, kMin, int64_t{-1}, kMax - 1}) {
    MetricPoint& point = points.emplace_back();
    point.step = n;
    point.time_ms = -n / 2;
    point.log_offset = static_cast<uint64_t>(n);
  }
  ExpectBitEqual(DecodeAll(EncodeSeries(points)), points);
}

TEST(SeriesChunkTest, PrintedDecimalsComeBackAsTheyWereRead) {
  std::vector<MetricPoint> points;
  for (const char* text : {"0.6931", "5e-05", "1.5e-05", "0.8573913043478261", "-12345.678", "1e15",
                           "123456789012345", "0.1", "0.30000000000000004", "9e-06"}) {
    points.emplace_back().value = std::strtod(text, nullptr);
  }
  ExpectBitEqual(DecodeAll(EncodeSeries(points)), points);
}

// facts/dependencies.md section 3: rows cost 30 B a point, naive chunks 9.
TEST(SeriesChunkTest, ADecimalLogCostsFewBytesAPoint) {
  const std::vector<SeriesChunk> chunks = EncodeSeries(MakePoints(Shape::kDecimalLog, 4096));
  ASSERT_EQ(chunks.size(), 1u);
  EXPECT_LT(chunks[0].bytes.size(), 4096 * 5u);
  EXPECT_LT(EncodeSeries(MakePoints(Shape::kFloatNoise, 4096))[0].bytes.size(), 4096 * 7u);
  EXPECT_LT(EncodeSeries(MakePoints(Shape::kDecimalLog, 1))[0].bytes.size(), 48u);
}

TEST(SeriesChunkTest, AFewNansDoNotSpoilTheDecimals) {
  const size_t clean = EncodeSeries(MakePoints(Shape::kDecimalLog, 4096))[0].bytes.size();
  const size_t nans = EncodeSeries(MakePoints(Shape::kDecimalsWithNan, 4096))[0].bytes.size();
  EXPECT_LT(nans, clean + clean / 4);
}

TEST(SeriesChunkTest, MergeKeepsEveryPointInOrder) {
  const std::vector<MetricPoint> points = MakePoints(Shape::kDecimalsWithNan, 5000);
  std::vector<std::string> parts;
  for (size_t from = 0, size = 1; from < points.size(); from += size, size = size % 97 + 1) {
    const auto part = absl::MakeConstSpan(points).subspan(from, size);
    parts.push_back(EncodeSeries(part)[0].bytes);
  }
  const std::vector<std::string_view> views(parts.begin(), parts.end());
  const auto merged = MergeSeriesChunks(views);
  ASSERT_TRUE(merged.ok());
  EXPECT_EQ(merged->size(), 2u);
  ExpectBitEqual(DecodeAll(*merged), points);
}

TEST(SeriesChunkTest, MergeNamesTheDamagedChunk) {
  const std::string whole = EncodeSeries(MakePoints(Shape::kDecimalLog, 10))[0].bytes;
  const std::string cut = whole.substr(0, whole.size() / 2);
  const auto merged = MergeSeriesChunks({std::string_view(whole), std::string_view(cut)});
  EXPECT_EQ(merged.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(merged.status().message()), HasSubstr("chunk 2 of 2"));
}

TEST(SeriesChunkTest, EveryCutIsNoticed) {
  const std::string bytes = EncodeSeries(MakePoints(Shape::kWild, 40))[0].bytes;
  for (size_t size = 0; size < bytes.size(); ++size) {
    const auto points = DecodeSeriesChunk(std::string_view(bytes).substr(0, size));
    ASSERT_EQ(points.status().code(), absl::StatusCode::kDataLoss) << size;
  }
  EXPECT_EQ(DecodeSeriesChunk(bytes + "x").status().code(), absl::StatusCode::kDataLoss);
}

TEST(SeriesChunkTest, EveryFlippedBitIsNoticed) {
  std::string bytes = EncodeSeries(MakePoints(Shape::kDecimalLog, 20))[0].bytes;
  for (size_t i = 0; i < bytes.size() * 8; ++i) {
    bytes[i / 8] = static_cast<char>(bytes[i / 8] ^ (1 << (i % 8)));
    ASSERT_EQ(DecodeSeriesChunk(bytes).status().code(), absl::StatusCode::kDataLoss) << i;
    bytes[i / 8] = static_cast<char>(bytes[i / 8] ^ (1 << (i % 8)));
  }
}

// With a right checksum the rest of the decoder stands alone; run under ASan and UBSan.
TEST(SeriesChunkTest, SealedNonsenseGivesPointsOrDataLossButNeverMore) {
  std::mt19937_64 random(3);
  for (const Shape shape : kShapes) {
    for (const size_t count : {1, 20, 300}) {
      const std::string chunk = EncodeSeries(MakePoints(shape, count))[0].bytes;
      for (int round = 0; round < 300; ++round) {
        std::string body(Body(chunk));
        for (uint64_t hits = random() % 4 + 1; hits > 0; --hits) {
          body[random() % body.size()] = static_cast<char>(random());
        }
        if (round % 3 == 0) body.resize(random() % body.size());
        if (round % 7 == 0) body += std::string(random() % 50, static_cast<char>(random()));
        const auto points = DecodeSeriesChunk(Sealed(body));
        if (points.ok()) {
          EXPECT_LE(points->size(), kChunkPointsMax);
        } else {
          EXPECT_EQ(points.status().code(), absl::StatusCode::kDataLoss);
        }
      }
    }
  }
}

TEST(SeriesChunkTest, AClaimOfManyPointsOrBytesIsRefusedBeforeTheyAreAllocated) {
  ByteWriter many;
  many.Byte(1);
  many.Byte(0);
  many.Varint(uint64_t{1} << 60);
  EXPECT_THAT(std::string(DecodeSeriesChunk(Sealed(many.bytes())).status().message()),
              HasSubstr("1 to 4096"));
  ByteWriter big;
  big.Byte(1);
  big.Byte(1);
  big.Varint(1);
  big.Varint(uint64_t{1} << 40);
  EXPECT_THAT(std::string(DecodeSeriesChunk(Sealed(big.bytes())).status().message()),
              HasSubstr("unpacked size"));
}

TEST(SeriesChunkTest, AnUnknownVersionSaysSo) {
  std::string body(Body(EncodeSeries(MakePoints(Shape::kDecimalLog, 3))[0].bytes));
  body[0] = 9;
  EXPECT_THAT(std::string(DecodeSeriesChunk(Sealed(body)).status().message()),
              HasSubstr("version 9 where 1 is known"));
}

// A chunk written by the first version, byte for byte: later ones must read it.
TEST(SeriesChunkTest, TheFirstVersionsBytesAreReadForever) {
  MetricPoint point;
  point.value = 0.5;
  point.step = 100;
  point.step_printed = true;
  point.epoch = 1;
  point.time_ms = 1000;
  point.log_offset = 7;
  const std::string bytes = EncodeSeries({point})[0].bytes;
  std::string hex;
  for (const char c : bytes) {
    constexpr char kDigits[] = "0123456789abcdef";
    hex += kDigits[static_cast<uint8_t>(c) >> 4];
    hex += kDigits[c & 15];
  }
  EXPECT_EQ(hex, "01000100c80101010000000200d00f000e0001000a" + hex.substr(hex.size() - 8));
}

}  // namespace
}  // namespace xp::core
