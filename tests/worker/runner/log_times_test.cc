#include "worker/runner/log_times.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace xp::runner {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class LogTimesTest : public ::testing::Test {
 protected:
  LogTimesTest() {
    std::string folder = ::testing::TempDir() + "log_times_XXXXXX";
    path_ = std::string(mkdtemp(folder.data())) + "/log.times";
  }
  ~LogTimesTest() override {
    std::filesystem::remove_all(std::filesystem::path(path_).parent_path());
  }
  void AppendBytes(std::string_view bytes) {
    std::ofstream(path_, std::ios::app | std::ios::binary) << bytes;
  }
  // A whole file with these marks.
  static std::string Encode(const std::vector<LogMark>& marks) {
    std::string bytes(kLogTimesMagic);
    LogMark previous;
    for (const LogMark& mark : marks) {
      EncodeLogMark(previous, mark, &bytes);
      previous = mark;
    }
    return bytes;
  }

  std::string path_;
};

TEST_F(LogTimesTest, WhatWasWrittenIsRead) {
  auto writer = LogTimesWriter::Create(path_);
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE(writer->Add({100, 1'700'000'000'000}).ok());
  ASSERT_TRUE(writer->Add({100, 1'700'000'000'050}).ok()) << "no growth, no mark";
  ASSERT_TRUE(writer->Add({5'000'000'000, 1'700'000'000'100}).ok());
  LogTimesReader reader(path_);
  ASSERT_TRUE(reader.Update().ok());
  EXPECT_THAT(
      reader.MarksWithin(0, 6'000'000'000),
      ElementsAre(LogMark{100, 1'700'000'000'000}, LogMark{5'000'000'000, 1'700'000'000'100}));
}

TEST_F(LogTimesTest, AByteGetsTheTimeOfTheMarkThatCoversIt) {
  AppendBytes(Encode({{10, 1000}, {20, 2000}}));
  LogTimesReader reader(path_);
  ASSERT_TRUE(reader.Update().ok());
  EXPECT_EQ(reader.ArrivalOf(0), 1000);
  EXPECT_EQ(reader.ArrivalOf(9), 1000);
  EXPECT_EQ(reader.ArrivalOf(10), 2000);
  EXPECT_EQ(reader.ArrivalOf(19), 2000);
  EXPECT_EQ(reader.ArrivalOf(20), std::nullopt);
  EXPECT_EQ(reader.covered(), 20);
}

TEST_F(LogTimesTest, AClockThatJumpsBackIsKeptAsItWas) {
  AppendBytes(Encode({{10, 5000}, {20, -3000}, {30, 6000}}));
  LogTimesReader reader(path_);
  ASSERT_TRUE(reader.Update().ok());
  EXPECT_EQ(reader.ArrivalOf(15), -3000);
  EXPECT_EQ(reader.ArrivalOf(25), 6000);
}

TEST_F(LogTimesTest, ARangeGetsItsMarksCutToIt) {
  AppendBytes(Encode({{10, 1000}, {20, 2000}, {30, 3000}}));
  LogTimesReader reader(path_);
  ASSERT_TRUE(reader.Update().ok());
  EXPECT_THAT(reader.MarksWithin(10, 25), ElementsAre(LogMark{20, 2000}, LogMark{25, 3000}));
  EXPECT_THAT(reader.MarksWithin(0, 10), ElementsAre(LogMark{10, 1000}));
  EXPECT_THAT(reader.MarksWithin(12, 12), IsEmpty());
  EXPECT_THAT(reader.MarksWithin(30, 40), IsEmpty());
}

TEST_F(LogTimesTest, EveryTornTailKeepsTheMarksBeforeIt) {
  const std::string whole = Encode({{10, 1'700'000'000'000}, {300, 1'700'000'000'900}});
  const size_t first_end = Encode({{10, 1'700'000'000'000}}).size();
  for (size_t cut = 0; cut <= whole.size(); ++cut) {
    std::filesystem::remove(path_);
    AppendBytes(whole.substr(0, cut));
    LogTimesReader reader(path_);
    ASSERT_TRUE(reader.Update().ok()) << cut;
    EXPECT_EQ(reader.covered(), cut < first_end ? 0 : cut < whole.size() ? 10 : 300) << cut;
    AppendBytes(whole.substr(cut));
    ASSERT_TRUE(reader.Update().ok());
    EXPECT_EQ(reader.covered(), 300) << "the rest came later, cut at " << cut;
  }
}

TEST_F(LogTimesTest, ATailOfZerosEndsTheReading) {
  AppendBytes(Encode({{10, 1000}}) + std::string(100, '\0') + "garbage");
  LogTimesReader reader(path_);
  ASSERT_TRUE(reader.Update().ok());
  EXPECT_EQ(reader.covered(), 10);
}

TEST_F(LogTimesTest, AFileThatIsNotThereYetIsEmpty) {
  LogTimesReader reader(path_);
  ASSERT_TRUE(reader.Update().ok());
  EXPECT_EQ(reader.ArrivalOf(0), std::nullopt);
  AppendBytes(Encode({{10, 1000}}));
  ASSERT_TRUE(reader.Update().ok());
  EXPECT_EQ(reader.ArrivalOf(0), 1000);
}

TEST_F(LogTimesTest, AnotherFormatIsRefused) {
  AppendBytes("XPTIMES2 and more");
  LogTimesReader reader(path_);
  EXPECT_EQ(reader.Update().code(), absl::StatusCode::kDataLoss);
}

TEST_F(LogTimesTest, WhatIsForgottenIsAnsweredByTheOldestLeft) {
  AppendBytes(Encode({{10, 1000}, {20, 2000}, {30, 3000}}));
  LogTimesReader reader(path_);
  ASSERT_TRUE(reader.Update().ok());
  reader.Forget(20);
  EXPECT_EQ(reader.ArrivalOf(0), 3000);
  EXPECT_EQ(reader.covered(), 30);
}

}  // namespace
}  // namespace xp::runner
