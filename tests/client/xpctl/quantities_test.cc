#include "client/xpctl/spec/quantities.h"

#include <gtest/gtest.h>

namespace xp::xpctl {
namespace {

TEST(QuantitiesTest, DurationsHaveUnits) {
  EXPECT_EQ(*ParseDuration("2h"), absl::Hours(2));
  EXPECT_EQ(*ParseDuration("90m"), absl::Minutes(90));
  EXPECT_EQ(*ParseDuration("1h30m"), absl::Minutes(90));
  EXPECT_EQ(*ParseDuration("1.5h"), absl::Minutes(90));
  EXPECT_EQ(*ParseDuration("1d2h3m4s"), absl::Hours(26) + absl::Seconds(184));
  EXPECT_EQ(*ParseDuration("250ms"), absl::Milliseconds(250));
  for (const char* text : {"", "2", "h", "-2h", "2 h", "2h2h", "30m1h", "1.5h30m", "2H", "0s",
                           "1e3s", "99999d", "."}) {
    EXPECT_FALSE(ParseDuration(text).ok()) << text;
  }
}

TEST(QuantitiesTest, SizesHaveUnits) {
  EXPECT_EQ(*ParseSize("16GiB"), 16ull << 30);
  EXPECT_EQ(*ParseSize("16 gib"), 16ull << 30);
  EXPECT_EQ(*ParseSize("80GB"), 80'000'000'000ull);
  EXPECT_EQ(*ParseSize("0.5MiB"), 524288u);
  for (const char* text : {"", "16", "GiB", "16G", "-1GiB", "1e30TB", "9999999TiB"}) {
    EXPECT_FALSE(ParseSize(text).ok()) << text;
  }
}

TEST(QuantitiesTest, TheyAreShownShort) {
  EXPECT_EQ(ShowDuration(absl::Seconds(3725)), "1h 02m");
  EXPECT_EQ(ShowDuration(absl::Seconds(59)), "59s");
  EXPECT_EQ(ShowDuration(absl::Milliseconds(1500)), "1.5s");
  EXPECT_EQ(ShowDuration(absl::Seconds(-70)), "-1m 10s");
  EXPECT_EQ(ShowSize(1023), "1023 B");
  EXPECT_EQ(ShowSize(1536), "1.5 KiB");
  EXPECT_EQ(ShowSize(3ull << 40), "3.0 TiB");
}

}  // namespace
}  // namespace xp::xpctl
