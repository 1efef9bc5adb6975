#include "proto/resource_name.h"

#include <gtest/gtest.h>

namespace xp {
namespace {

TEST(ResourceNameTest, LongestNameIsAcceptedAndOneMoreIsNot) {
  EXPECT_TRUE(CheckName("name", std::string(120, 'a')).ok());
  EXPECT_FALSE(CheckName("name", std::string(121, 'a')).ok());
}

TEST(ResourceNameTest, RefusalNamesTheFieldAndWhatIsAccepted) {
  const absl::Status status = CheckName("trials[2].name", "-x y");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message().substr(0, 15), "trials[2].name:");
  EXPECT_NE(status.message().find("begins with a letter or digit"), absl::string_view::npos);
}

TEST(ResourceNameTest, TrialNameHasExactlyOneSlash) {
  EXPECT_EQ(TrialName::Parse("name", "e/t")->ToString(), "e/t");
  EXPECT_FALSE(TrialName::Parse("name", "e").ok());
  EXPECT_FALSE(TrialName::Parse("name", "e/t/u").ok());
  EXPECT_FALSE(TrialName::Parse("name", "e/").ok());
}

TEST(ResourceNameTest, NamesThatDifferInCaseFoldToOne) {
  EXPECT_EQ(FoldName("DistilBERT-Base"), FoldName("distilbert-base"));
}

}  // namespace
}  // namespace xp
