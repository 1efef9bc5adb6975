#include "server/core/page_token.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proto/limits.h"

namespace xp::core {
namespace {

using ::testing::HasSubstr;

RequestFingerprint ListTrials(std::string_view filter) {
  RequestFingerprint request("ListTrials");
  request.Add("parent", "nlp").Add("filter", filter);
  return request;
}

TEST(PageTokenTest, ThePositionComesBack) {
  const std::string position("after\0key", 9);
  const std::string token = MakePageToken(position, ListTrials(""));
  EXPECT_EQ(*ReadPageToken(token, ListTrials("")), position);
  EXPECT_EQ(
      token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
      std::string::npos)
      << "it goes through URLs and shells";
}

TEST(PageTokenTest, TheEmptyTokenIsTheFirstPage) {
  EXPECT_EQ(*ReadPageToken("", ListTrials("")), "");
}

TEST(PageTokenTest, AnotherRequestsTokenIsRefused) {
  const std::string token = MakePageToken("p", ListTrials("state = FAILED"));
  const auto position = ReadPageToken(token, ListTrials(""));
  EXPECT_EQ(position.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(position.status().message()),
              AllOf(HasSubstr("page_token:"), HasSubstr("another request")));
}

TEST(PageTokenTest, NonsenseIsRefused) {
  const std::string token = MakePageToken("position", ListTrials(""));
  for (const std::string& wrong : {std::string("x"), std::string("!!!"), token.substr(1),
                                   token.substr(0, token.size() - 4), std::string(100'000, 'A')}) {
    EXPECT_EQ(ReadPageToken(wrong, ListTrials("")).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

TEST(PageTokenTest, FieldsDoNotRunIntoEachOther) {
  RequestFingerprint a("m"), b("m"), c("m"), d("m");
  a.Add("f", "ab").Add("g", "c");
  b.Add("f", "a").Add("g", "bc");
  c.Add("g", "ab").Add("f", "c");
  d.Add("f", "ab").Add("g", "c");
  EXPECT_NE(a.value(), b.value());
  EXPECT_NE(a.value(), c.value());
  EXPECT_EQ(a.value(), d.value());
}

// Tokens survive an upgrade of the server: this value may never change.
TEST(PageTokenTest, TheFingerprintIsTheSameInEveryProcess) {
  EXPECT_EQ(MakePageToken("7", RequestFingerprint("M").Add("n", 5)),
            MakePageToken("7", RequestFingerprint("M").Add("n", "5")));
  EXPECT_EQ(RequestFingerprint("ListTrials").value(), 11578090106162278283u);
}

TEST(PageTokenTest, PageSizes) {
  EXPECT_EQ(*CheckPageSize(0), limits::kPageSizeDefault);
  EXPECT_EQ(*CheckPageSize(7), 7);
  EXPECT_EQ(*CheckPageSize(1'000'000'000'000), limits::kPageSizeMax);
  EXPECT_EQ(CheckPageSize(-1).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace xp::core
