#include "server/core/suggest.h"

#include <gtest/gtest.h>

#include <vector>

namespace xp::core {
namespace {

const std::vector<std::string> kNames = {"state", "name", "params"};

TEST(SuggestTest, TheNearestWithinTwoEdits) {
  EXPECT_EQ(DidYouMean("stat", kNames), "; did you mean 'state'?");
  EXPECT_EQ(DidYouMean("NAEM", kNames), "; did you mean 'name'?");
  EXPECT_EQ(DidYouMean("zebra", kNames), "");
  EXPECT_EQ(DidYouMean("x", kNames), "") << "everything is near to one letter";
  EXPECT_EQ(DidYouMean(std::string(100'000, 's'), kNames), "");
  EXPECT_EQ(DidYouMean("state", {}), "");
}

TEST(SuggestTest, LongListsAreCutAndSaySo) {
  EXPECT_EQ(NameList(kNames), "state, name, params");
  EXPECT_EQ(NameList(kNames, 1), "state … (2 more)");
  EXPECT_EQ(NameList({}), "none");
}

}  // namespace
}  // namespace xp::core
