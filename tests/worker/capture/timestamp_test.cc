#include "worker/capture/timestamp.h"

#include <gtest/gtest.h>

namespace xp::capture {
namespace {

constexpr int64_t kMoment = 1795424760250;  // 2026-11-23T09:06:00.250Z

std::optional<int64_t> InUtc(std::string_view text) {
  return ParseTimestamp(text, absl::UTCTimeZone());
}

TEST(TimestampTest, Rfc3339WithItsZone) {
  EXPECT_EQ(InUtc("2026-11-23T09:06:00.250Z"), kMoment);
  EXPECT_EQ(InUtc("2026-11-23T10:06:00.25+01:00"), kMoment);
  EXPECT_EQ(InUtc("2026-11-23 09:06:00.250Z"), kMoment);
  EXPECT_EQ(InUtc("2026-11-23t09:06:00.250z"), kMoment);
  EXPECT_EQ(InUtc("2026-11-23T09:06:00Z"), kMoment - 250);
}

TEST(TimestampTest, EpochSecondsAndMilliseconds) {
  EXPECT_EQ(InUtc("1795424760.25"), kMoment);
  EXPECT_EQ(InUtc("1795424760250"), kMoment);
  EXPECT_EQ(InUtc("0"), 0);
}

TEST(TimestampTest, PythonLoggingIsReadInTheZoneGiven) {
  EXPECT_EQ(InUtc("2026-11-23 09:06:00,250"), kMoment);
  const absl::TimeZone two_hours_east = absl::FixedTimeZone(2 * 3600);
  EXPECT_EQ(ParseTimestamp("2026-11-23 11:06:00,250", two_hours_east), kMoment);
  EXPECT_EQ(ParseTimestamp("2026-11-23T09:06:00.250Z", two_hours_east), kMoment);
}

TEST(TimestampTest, EverythingElseIsNoTime) {
  for (const char* text :
       {"", "now", "09:06:00", "2026-11-23", "23.11.2026 09:06:00", "2026-13-23T09:06:00Z", "-5",
        "nan", "inf", "1e300", "2026-11-23T09:06", "2026-11-23T09:06:00 CET"}) {
    EXPECT_FALSE(InUtc(text)) << text;
  }
}

}  // namespace
}  // namespace xp::capture
