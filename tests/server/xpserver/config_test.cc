#include "server/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <vector>

#include "tests/server/testing/temp_dir.h"

namespace xp {
namespace {

std::variant<ServerConfig, int> Parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "xpserver");
  return ParseServerConfig(static_cast<int>(arguments.size()), arguments.data());
}

TEST(ConfigTest, DefaultsAreClosed) {
  const auto parsed = Parse({"--data-dir", "/tmp/x"});
  ASSERT_TRUE(std::holds_alternative<ServerConfig>(parsed));
  const auto& config = std::get<ServerConfig>(parsed);
  EXPECT_EQ(config.listen, "127.0.0.1:7070");
  EXPECT_EQ(config.http, "127.0.0.1:7071");
  EXPECT_EQ(config.disk_reserve_bytes, uint64_t{512} << 20);
  EXPECT_EQ(CheckListenAddresses(config), absl::OkStatus());
}

TEST(ConfigTest, UsageErrorsHaveTheirExitCode) {
  EXPECT_EQ(std::get<int>(Parse({})), kExitUsage);
  EXPECT_EQ(std::get<int>(Parse({"--data-dir", "x", "--nonsense"})), kExitUsage);
  EXPECT_EQ(std::get<int>(Parse({"--data-dir", "x", "--lease", "soon"})), kExitUsage);
  EXPECT_EQ(std::get<int>(Parse({"--data-dir", "x", "--lease", "20s"})), kExitUsage)
      << "one lost heartbeat would end it";
  EXPECT_EQ(std::get<int>(Parse({"--help"})), kExitStopped);
  EXPECT_EQ(std::get<int>(Parse({"--version"})), kExitStopped);
}

TEST(ConfigTest, TheFileFillsWhatTheCommandLineLeftOpen) {
  testing::TempDir dir;
  const std::string file = dir.path() + "/xpserver.conf";
  std::ofstream(file) << "data-dir=\"/data\"\nlease=\"2m\"\ndisk-reserve=\"1GiB\"\n";
  const auto parsed = Parse({"--config", file.c_str(), "--lease", "3m"});
  ASSERT_TRUE(std::holds_alternative<ServerConfig>(parsed));
  const auto& config = std::get<ServerConfig>(parsed);
  EXPECT_EQ(config.data_dir, "/data");
  EXPECT_EQ(config.lease, absl::Minutes(3));
  EXPECT_EQ(config.disk_reserve_bytes, uint64_t{1} << 30);
}

TEST(ConfigTest, LogFormatsHaveNamesInAnyCase) {
  for (const auto& [name, format] : std::vector<std::pair<const char*, LogFormat>>{
           {"auto", LogFormat::kAuto}, {"text", LogFormat::kText}, {"JSON", LogFormat::kJson}}) {
    const auto parsed = Parse({"--data-dir", "x", "--log-format", name});
    ASSERT_TRUE(std::holds_alternative<ServerConfig>(parsed)) << name;
    EXPECT_EQ(std::get<ServerConfig>(parsed).log_format, format) << name;
  }
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(std::get<int>(Parse({"--data-dir", "x", "--log-format", "1"})), kExitUsage);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              ::testing::HasSubstr("1 not in {auto,json,text}"));
}

TEST(ConfigTest, AnUnknownKeyInTheFileIsAnError) {
  testing::TempDir dir;
  const std::string file = dir.path() + "/xpserver.conf";
  std::ofstream(file) << "data-dir=\"/data\"\nlisten-adress=\"127.0.0.1:1\"\n";
  EXPECT_EQ(std::get<int>(Parse({"--config", file.c_str()})), kExitUsage);
}

TEST(ConfigTest, BeyondLoopbackNeedsAWordForIt) {
  ServerConfig config;
  for (const char* address : {"0.0.0.0:7070", "[::]:7070", "10.0.0.1:7070", "example.org:7070"}) {
    config.listen = address;
    config.insecure_listen = false;
    const absl::Status refused = CheckListenAddresses(config);
    EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition) << address;
    EXPECT_NE(refused.message().find("--insecure-listen"), std::string::npos);
    config.insecure_listen = true;
    EXPECT_EQ(CheckListenAddresses(config), absl::OkStatus());
  }
  for (const char* address : {"127.0.0.1:0", "localhost:7070", "[::1]:7070", "127.9.9.9:1"}) {
    config.listen = address;
    config.insecure_listen = false;
    EXPECT_EQ(CheckListenAddresses(config), absl::OkStatus()) << address;
  }
  config.http = "0.0.0.0:80";
  EXPECT_EQ(CheckListenAddresses(config).message().find("--http:"), 0u);
}

TEST(ConfigTest, WhatIsNoAddressIsSaid) {
  for (const char* text : {"", "7070", ":7070", "host:", "host:99999", "::1:7070", "host:-1"}) {
    EXPECT_EQ(ParseListenAddress("--listen", text).status().code(),
              absl::StatusCode::kInvalidArgument)
        << text;
  }
  EXPECT_EQ(ParseListenAddress("--listen", "[::1]:70")->ToString(), "[::1]:70");
}

}  // namespace
}  // namespace xp
