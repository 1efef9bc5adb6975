// What numeric options take, and what they say of what they do not.
#include "worker/trainer/cli/number_check.h"

#include <gtest/gtest.h>

#include <limits>

namespace xp::trainer {
namespace {

std::string Check(const CLI::Validator& check, std::string text) { return check(text); }

TEST(NumberCheckTest, AWholeNumberIsDecimalDigitsWithinTheRange) {
  const CLI::Validator check = WholeNumber(1, 100);
  for (const char* good : {"1", "7", "100", "010", "0000000000000000000000042"}) {
    EXPECT_EQ(Check(check, good), "");
  }
  for (const char* bad : {"0", "101", "-1", "+1", "", " 1", "1 ", "1.5", "1e1", "0x10", "nan",
                          "inf", "x", "5x", "99999999999999999999999"}) {
    EXPECT_EQ(Check(check, bad),
              "is '" + std::string(bad) + "'; accepted: a whole number from 1 to 100");
  }
}

TEST(NumberCheckTest, ALeadingZeroIsNoOctal) {
  std::string text = "010";
  EXPECT_EQ(WholeNumber(1, 100)(text), "");
  EXPECT_EQ(text, "10");  // what CLI11 then reads
}

TEST(NumberCheckTest, TheLargestSeedIsANumber) {
  const CLI::Validator check = WholeNumber(0, std::numeric_limits<uint64_t>::max());
  EXPECT_EQ(Check(check, "18446744073709551615"), "");
  EXPECT_NE(Check(check, "18446744073709551616"), "");
}

TEST(NumberCheckTest, AFiniteNumberIsWithinTheRange) {
  const CLI::Validator check = FiniteNumber(0, 1);
  for (const char* good : {"0", "1", "0.5", "1e-9", ".25", "5e-1"})
    EXPECT_EQ(Check(check, good), "");
  for (const char* bad : {"nan", "-nan", "inf", "-1", "1.01", "1e400", "", "x", "0.5x", "0,5"}) {
    EXPECT_EQ(Check(check, bad), "is '" + std::string(bad) + "'; accepted: a number from 0 to 1");
  }
}

TEST(NumberCheckTest, AnEndCanBeExcluded) {
  const CLI::Validator check = FiniteNumber(0, 1, HighEnd::kExcluded);
  EXPECT_EQ(Check(check, "0.999"), "");
  EXPECT_EQ(Check(check, "1"), "is '1'; accepted: a number from 0 to below 1");
}

}  // namespace
}  // namespace xp::trainer
