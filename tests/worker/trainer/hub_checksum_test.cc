#include "worker/trainer/hub/checksum.h"

#include <gtest/gtest.h>

#include "tests/worker/trainer/temp_folder.h"
#include "worker/trainer/files.h"

namespace xp::trainer {
namespace {

class HubChecksumTest : public testing::Test {
 protected:
  // Of "hello\n": what sha256sum and git hash-object print.
  static constexpr const char* kSha256 =
      "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
  static constexpr const char* kGitBlob = "ce013625030ba8dba906f756967f9e9ca394464a";

  absl::Status Check(std::string_view content, const std::string& etag) {
    const auto file = folder_.path() / "file";
    EXPECT_TRUE(WriteFile(file, content).ok());
    return CheckContent(file, etag);
  }

  const TempFolder folder_;
};

TEST_F(HubChecksumTest, BothKindsOfSumsAreCompared) {
  for (const char* const sum : {kSha256, kGitBlob}) {
    EXPECT_TRUE(Check("hello\n", sum).ok());
    const absl::Status other = Check("hullo\n", sum);
    EXPECT_TRUE(absl::IsDataLoss(other)) << other;
    EXPECT_NE(other.message().find(sum), std::string_view::npos) << other;
  }
}

TEST_F(HubChecksumTest, OtherMarksSayNothingOfTheContent) {
  for (const char* const mark : {"", "abc", "W/7", "V891b5b522d5df086d0ff0b110fbd9d21bb4fc71"}) {
    EXPECT_FALSE(IsContentHash(mark));
    EXPECT_TRUE(Check("hello\n", mark).ok());
  }
}

TEST_F(HubChecksumTest, WhatCannotBeReadIsNoWrongContent) {
  const absl::Status broken = CheckContent("/proc/self/mem", kSha256);  // EIO
  EXPECT_TRUE(absl::IsUnavailable(broken)) << broken;
  EXPECT_TRUE(absl::IsInvalidArgument(CheckContent(folder_.path(), kSha256)));
  EXPECT_TRUE(absl::IsNotFound(CheckContent(folder_.path() / "none", kSha256)));
}

}  // namespace
}  // namespace xp::trainer
