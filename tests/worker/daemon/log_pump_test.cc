// The log as a spool whose beginning is given back to the disk.
#include "worker/daemon/log_pump.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "worker/capture/metric_rules.h"

namespace xp::daemon {
namespace {

using ::testing::HasSubstr;

constexpr uint64_t kGiB = 1ull << 30;

class LogPumpTest : public ::testing::Test {
 protected:
  LogPumpTest()
      : root_(MakeFolder()),
        folder_(root_),
        pump_(folder_, *capture::CompileMetricRules({}), absl::UTCTimeZone(), clock_) {}
  ~LogPumpTest() override { std::filesystem::remove_all(root_); }

  static std::string MakeFolder() {
    std::string path = ::testing::TempDir() + "xp_log_XXXXXX";
    return mkdtemp(path.data());
  }
  // A log that begins with a hole.
  void WriteLog(uint64_t hole, const std::string& rest) {
    std::ofstream(folder_.LogFile()) << "";
    std::filesystem::resize_file(folder_.LogFile(), hole);
    std::ofstream(folder_.LogFile(), std::ios::app) << rest;
  }

  ManualClock clock_;
  const std::string root_;
  const runner::AttemptFolder folder_;
  LogPump pump_;
};

TEST_F(LogPumpTest, BytesGivenBackToTheDiskAreNamedWhenTheServerWantsThemAgain) {
  WriteLog(kGiB, "end\n");
  EXPECT_EQ(pump_.Restart({.position = {.offset = kGiB}}), "");
  EXPECT_THAT(pump_.Restart({.position = {.offset = 4096}}),
              HasSubstr("log bytes 4096 to 1073741824 are lost"));
}

TEST_F(LogPumpTest, ALogOfNothingButAHoleIsNamedToItsEnd) {
  WriteLog(2 * kGiB, "");
  EXPECT_THAT(pump_.Restart({}), HasSubstr("log bytes 0 to 2147483648 are lost"));
}

TEST_F(LogPumpTest, AShortLogIsWholeWhateverAProgramDidToIt) {
  WriteLog(1 << 20, "end\n");
  EXPECT_EQ(pump_.Restart({}), "");
}

}  // namespace
}  // namespace xp::daemon
