// The metrics file as a source: generations, unfinished lines, ends.
#include "worker/daemon/metrics_pump.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace xp::daemon {
namespace {

class MetricsPumpTest : public ::testing::Test {
 protected:
  MetricsPumpTest() {
    std::string folder = ::testing::TempDir() + "xp_metrics_XXXXXX";
    path_ = std::string(mkdtemp(folder.data())) + "/m.jsonl";
    pump_ = std::make_unique<MetricsPump>(path_, absl::UTCTimeZone(), clock_);
    pump_->Restart({});
  }
  ~MetricsPumpTest() override {
    std::filesystem::remove_all(std::filesystem::path(path_).parent_path());
  }
  void Append(const std::string& text) { std::ofstream(path_, std::ios::app) << text; }
  void Begin(const std::string& text) { std::ofstream(path_, std::ios::trunc) << text; }
  std::optional<v1::Report> Next(capture::LogEnd end = capture::LogEnd::kMayGrow) {
    auto report = pump_->Next(end);
    EXPECT_TRUE(report.ok()) << report.status();
    return report.ok() ? *report : std::nullopt;
  }
  // The server takes everything.
  void Acknowledge() { pump_->window().Answered(pump_->window().next()); }

  ManualClock clock_;
  std::string path_;
  std::unique_ptr<MetricsPump> pump_;
};

TEST_F(MetricsPumpTest, AFileThatIsNeverWrittenIsNoSource) {
  EXPECT_FALSE(Next().has_value());
  EXPECT_FALSE(pump_->Exists());
  EXPECT_TRUE(pump_->Done());
}

TEST_F(MetricsPumpTest, APromiseOfSilenceIsTakenOnce) {
  Append("{\"xp\": \"silent_for\", \"seconds\": 60}\n{\"xp\": \"silent_for\", \"seconds\": 90}\n");
  EXPECT_FALSE(pump_->TakePromise().has_value());
  Next();
  EXPECT_EQ(pump_->TakePromise(), absl::Seconds(90)) << "the newest counts";
  EXPECT_FALSE(pump_->TakePromise().has_value());
}

TEST_F(MetricsPumpTest, APromiseThatIsReadAgainIsNotGivenAgain) {
  Append("{\"xp\": \"silent_for\", \"seconds\": 60}\n");
  Next();
  EXPECT_EQ(pump_->TakePromise(), absl::Seconds(60));
  pump_->Restart({});  // a server that holds nothing
  Append("{\"f1\": 0.5}\n");
  ASSERT_TRUE(Next().has_value());
  EXPECT_FALSE(pump_->TakePromise().has_value());
  Append("{\"xp\": \"silent_for\", \"seconds\": 30}\n");
  Next();
  EXPECT_EQ(pump_->TakePromise(), absl::Seconds(30));
  Acknowledge();
  Acknowledge();
  Begin("{\"xp\": \"silent_for\", \"seconds\": 90}\n");
  Next();
  EXPECT_EQ(pump_->TakePromise(), absl::Seconds(90)) << "another file";
}

TEST_F(MetricsPumpTest, ThatTheProgramResumedIsSaidWithItsStepOrWithout) {
  Append("{\"xp\": \"resumed\"}\n");
  auto report = Next();
  ASSERT_TRUE(report.has_value());
  EXPECT_TRUE(report->resumed());
  EXPECT_FALSE(report->has_resumed_from_step());
  Acknowledge();
  Append("{\"xp\": \"resumed\", \"step\": 7}\n");
  report = Next();
  EXPECT_TRUE(report->resumed());
  EXPECT_EQ(report->resumed_from_step(), 7);
}

TEST_F(MetricsPumpTest, AnUnfinishedLineWaitsUntilNobodyWrites) {
  Append("{\"f1\": 0.5}\n{\"f1\": 0.");
  EXPECT_EQ(Next()->to(), 12u);
  Acknowledge();
  EXPECT_FALSE(Next().has_value());
  EXPECT_FALSE(pump_->Done());
  Append("75}");
  const auto last = Next(capture::LogEnd::kFinal);
  ASSERT_TRUE(last.has_value());
  EXPECT_EQ(last->series(0).points().values(0), 0.75);
  Acknowledge();
  EXPECT_TRUE(pump_->Done());
}

TEST_F(MetricsPumpTest, AShorterFileIsTheNextGeneration) {
  Append("{\"f1\": 0.5}\n{\"f1\": 0.6}\n");
  ASSERT_TRUE(Next().has_value());
  Begin("{\"f1\": 0.7}\n");
  EXPECT_FALSE(Next().has_value()) << "the generation before is answered first";
  Acknowledge();
  const auto report = Next();
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->generation(), 1);
  EXPECT_EQ(report->from(), 0u);
  EXPECT_EQ(report->series(0).points().values(0), 0.7);
  Acknowledge();
  EXPECT_TRUE(pump_->Done());
  EXPECT_EQ(pump_->End().generation, 1);
}

TEST_F(MetricsPumpTest, AFileEmptiedForGoodHoldsNothingBack) {
  Append("{\"f1\": 0.5}\n");
  ASSERT_TRUE(Next().has_value());
  Acknowledge();
  Begin("");
  EXPECT_FALSE(Next(capture::LogEnd::kFinal).has_value());
  EXPECT_TRUE(pump_->Done());
}

TEST_F(MetricsPumpTest, AServersOffsetIsGoneOnFrom) {
  Append("{\"f1\": 0.5}\n{\"f1\": 0.6}\n");
  pump_->Restart({.position = {.offset = 12}});
  const auto report = Next();
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->from(), 12u);
  EXPECT_EQ(report->series(0).points().values(0), 0.6);
}

}  // namespace
}  // namespace xp::daemon
