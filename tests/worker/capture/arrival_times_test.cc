#include "worker/capture/arrival_times.h"

#include <gtest/gtest.h>

#include <random>

namespace xp::capture {
namespace {

TEST(ArrivalTimesTest, ByteArrivedWithTheFirstMarkThatReachesIt) {
  const ArrivalTimes times({{10, 100}, {20, 200}});
  EXPECT_EQ(times.At(1), 100);
  EXPECT_EQ(times.At(10), 100);
  EXPECT_EQ(times.At(11), 200);
  EXPECT_EQ(times.At(99), 200);
  EXPECT_EQ(ArrivalTimes().At(5), 0);
}

TEST(ArrivalTimesTest, MarkThatDoesNotRiseIsLeftOut) {
  ArrivalTimes times({{10, 100}});
  times.Add({10, 300});
  times.Add({5, 300});
  EXPECT_EQ(times.marks().size(), 1u);
}

TEST(ArrivalTimesTest, ForgettingKeepsWhatLaterBytesNeed) {
  ArrivalTimes times({{10, 100}, {20, 200}, {30, 300}});
  times.ForgetBefore(15);
  EXPECT_EQ(times.At(16), 200);
  times.ForgetBefore(1000);
  EXPECT_EQ(times.At(1001), 300);
}

TEST(ArrivalTimesTest, RangesBeginWhereAskedAndJoinEqualTimes) {
  const ArrivalTimes times({{10, 100}, {20, 200}, {25, 200}, {30, 300}});
  const std::vector<ArrivalRange> ranges = times.Ranges(5, 28);
  ASSERT_EQ(ranges.size(), 3u);
  EXPECT_EQ(ranges[0].begin, 5u);
  EXPECT_EQ(ranges[0].time_ms, 100);
  EXPECT_EQ(ranges[1].begin, 10u);
  EXPECT_EQ(ranges[2].begin, 25u);
  EXPECT_EQ(ranges[2].time_ms, 300);
  EXPECT_TRUE(times.Ranges(5, 5).empty());
}

TEST(ArrivalTimesTest, RangesThereAndBackGiveEachByteItsTime) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 200; ++round) {
    ArrivalTimes times;
    uint64_t size = 0;
    for (int i = 0; i < 8; ++i) {
      times.Add({size += random() % 6, static_cast<int64_t>(100 + random() % 4)});
    }
    const uint64_t from = random() % (size + 1), to = from + random() % 20;
    const ArrivalTimes back = ArrivalTimes::FromRanges(times.Ranges(from, to), to);
    for (uint64_t at = from + 1; at <= to; ++at) ASSERT_EQ(back.At(at), times.At(at)) << round;
  }
}

}  // namespace
}  // namespace xp::capture
