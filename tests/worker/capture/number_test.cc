#include "worker/capture/number.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

namespace xp::capture {
namespace {

TEST(NumberTest, DecimalsAndExponents) {
  EXPECT_EQ(ParseNumber("0.9347"), 0.9347);
  EXPECT_EQ(ParseNumber("-1.5e-05"), -1.5e-05);
  EXPECT_EQ(ParseNumber("+3"), 3.0);
  EXPECT_EQ(ParseNumber("5."), 5.0);
  EXPECT_EQ(ParseNumber(".5"), 0.5);
  EXPECT_EQ(ParseNumber("1E3"), 1000.0);
  EXPECT_EQ(ParseNumber("0.8573913043478261"), 0.8573913043478261);
  EXPECT_TRUE(std::signbit(*ParseNumber("-0")));
}

TEST(NumberTest, QuotesAndBlanksAroundAreStripped) {
  EXPECT_EQ(ParseNumber("'0.9347'"), 0.9347);
  EXPECT_EQ(ParseNumber(" \"0.9347\"\t"), 0.9347);
  EXPECT_EQ(ParseNumber("' 0.9347 '"), 0.9347);
  EXPECT_EQ(ParseNumber("0.9347'"), 0.9347);
}

TEST(NumberTest, OneWrappingCallIsLookedThrough) {
  EXPECT_EQ(ParseNumber("np.float64(0.93)"), 0.93);
  EXPECT_EQ(ParseNumber("tensor(0.93)"), 0.93);
  EXPECT_EQ(ParseNumber("tensor(0.93, device='cuda:0')"), 0.93);
  EXPECT_EQ(ParseNumber("tensor(0.93, grad_fn=<NllLossBackward0>)"), 0.93);
  EXPECT_EQ(ParseNumber("Decimal('0.93')"), 0.93);
  EXPECT_TRUE(std::isnan(*ParseNumber("np.float64(nan)")));
  EXPECT_FALSE(ParseNumber("a(b(0.93))"));
  EXPECT_FALSE(ParseNumber("max(0.1, 0.2)"));
  EXPECT_FALSE(ParseNumber("tensor(0.93"));
  EXPECT_FALSE(ParseNumber("(0.93)"));
}

TEST(NumberTest, NanAndInfinitiesInAnyCase) {
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_TRUE(std::isnan(*ParseNumber("nan")));
  EXPECT_TRUE(std::isnan(*ParseNumber("-NaN")));
  EXPECT_EQ(ParseNumber("inf"), infinity);
  EXPECT_EQ(ParseNumber("-Infinity"), -infinity);
  EXPECT_FALSE(ParseNumber("info"));
  EXPECT_FALSE(ParseNumber("nano"));
}

TEST(NumberTest, BeyondTheRangeOfADoubleIsAsInPython) {
  EXPECT_EQ(ParseNumber("1e999"), std::numeric_limits<double>::infinity());
  EXPECT_EQ(ParseNumber("-1e999"), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(ParseNumber("1e-999"), 0.0);
  EXPECT_EQ(ParseNumber("5e-324"), 5e-324);
}

TEST(NumberTest, EverythingElseIsNoNumber) {
  for (const char* text : {"",
                           " ",
                           "''",
                           "abc",
                           "0.9347x",
                           "93%",
                           "1,5",
                           "1_000",
                           "0x1F",
                           "1e",
                           "e5",
                           ".",
                           "+",
                           "--1",
                           "1.2.3",
                           "[0.9]",
                           "array([0.9, 0.8])",
                           "1 2",
                           "None",
                           "True",
                           "1e5.0",
                           "\xC2\xA0"
                           "1"}) {
    EXPECT_FALSE(ParseNumber(text)) << text;
  }
  EXPECT_FALSE(ParseNumber(std::string_view("1\0", 2)));
  EXPECT_EQ(ParseNumber(std::string(400, '1')), std::numeric_limits<double>::infinity());
}

TEST(NumberTest, StepIsAWholeNumber) {
  EXPECT_EQ(ParseStep("120"), 120);
  EXPECT_EQ(ParseStep("-3"), -3);
  EXPECT_EQ(ParseStep("+3"), 3);
  EXPECT_EQ(ParseStep("'7'"), 7);
  EXPECT_EQ(ParseStep("3.0"), 3);
  EXPECT_EQ(ParseStep("1e3"), 1000);
  EXPECT_EQ(ParseStep("9223372036854775807"), std::numeric_limits<int64_t>::max());
  for (const char* text : {"", "3.5", "nan", "inf", "1e300", "9223372036854775808", "+-3", "x"}) {
    EXPECT_FALSE(ParseStep(text)) << text;
  }
}

}  // namespace
}  // namespace xp::capture
