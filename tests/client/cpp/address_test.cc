#include "client/cpp/address.h"

#include <gtest/gtest.h>

namespace xp::client {
namespace {

TEST(AddressTest, HostAndPortAreTakenInEveryForm) {
  EXPECT_EQ(ParseAddress("node-1:7071")->shown, "node-1:7071");
  EXPECT_EQ(ParseAddress("node-1")->shown, "node-1:7070");
  EXPECT_EQ(ParseAddress("[::1]:8080")->target, "dns:///[::1]:8080");
  EXPECT_EQ(ParseAddress("[::1]")->shown, "[::1]:7070");
  EXPECT_EQ(ParseAddress("unix:/run/xp.sock")->target, "unix:/run/xp.sock");
}

TEST(AddressTest, WhatIsNoAddressSaysWhatWouldBe) {
  for (const char* text : {"", "http://node:7070", ":7070", "node:", "node:0", "node:65536",
                           "node:abc", "::1:7070", "[::1", "[::1]x", "a b:1", "node/x", "unix:"}) {
    const auto address = ParseAddress(text);
    ASSERT_TRUE(absl::IsInvalidArgument(address.status())) << text;
    EXPECT_NE(std::string(address.status().message()).find("HOST:PORT"), std::string::npos);
  }
}

}  // namespace
}  // namespace xp::client
