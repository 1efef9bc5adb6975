#include "server/core/filter_terms.h"

#include <gtest/gtest.h>

namespace xp::core {
namespace {

Filter Where(const std::string& text) {
  const auto filter = Filter::Parse("filter", text, TrialFilterFields());
  EXPECT_TRUE(filter.ok()) << filter.status();
  return filter.ok() ? *filter : Filter();
}

TEST(FilterTermsTest, AnEqualityAtTheTopIsRequired) {
  EXPECT_EQ(RequiredText(Where("state = RUNNING"), "state"), "RUNNING");
  EXPECT_EQ(RequiredText(Where("name = \"1\""), "name"), "1");
  EXPECT_EQ(RequiredText(Where("name = a AND (worker = w OR worker = v)"), "name"), "a");
  EXPECT_EQ(RequiredText(Where("params.lr = 1 AND state = FAILED AND name : b"), "state"),
            "FAILED");
}

TEST(FilterTermsTest, WhatOtherRowsMayPassIsNotRequired) {
  EXPECT_EQ(RequiredText(Where(""), "state"), std::nullopt);
  EXPECT_EQ(RequiredText(Where("state = RUNNING OR name = a"), "state"), std::nullopt);
  EXPECT_EQ(RequiredText(Where("NOT state = RUNNING"), "state"), std::nullopt);
  EXPECT_EQ(RequiredText(Where("state != RUNNING"), "state"), std::nullopt);
  EXPECT_EQ(RequiredText(Where("name : a"), "name"), std::nullopt);
  EXPECT_EQ(RequiredText(Where("name = 1"), "name"), std::nullopt) << "01 and 1.0 are equal, too";
  EXPECT_EQ(RequiredText(Where("params.name = a"), "name"), std::nullopt);
  EXPECT_EQ(RequiredText(Where("(name = a AND state = QUEUED) OR name = b"), "name"), std::nullopt);
}

TEST(FilterTermsTest, MentionsLooksEverywhere) {
  EXPECT_TRUE(Mentions(Where("state = RUNNING OR NOT (params.lr < 1)"), "params"));
  EXPECT_FALSE(Mentions(Where("state = RUNNING OR NOT (params.lr < 1)"), "metrics"));
  EXPECT_FALSE(Mentions(Where(""), "state"));
}

}  // namespace
}  // namespace xp::core
