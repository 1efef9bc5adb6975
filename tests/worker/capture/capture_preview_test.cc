#include "worker/capture/capture_preview.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/worker/capture/cut_kit.h"

namespace xp::capture {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class CapturePreviewTest : public ::testing::Test {
 protected:
  CapturePreviewTest() {
    std::string name = (std::filesystem::temp_directory_path() / "preview_XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~CapturePreviewTest() override { std::filesystem::remove_all(folder_); }

  Preview PreviewOf(const MetricRules& rules, const std::string& log) {
    const std::string path = (folder_ / "log").string();
    std::ofstream(path, std::ios::binary) << log;
    const auto preview = PreviewLog(rules, path);
    EXPECT_TRUE(preview.ok()) << preview.status();
    return *preview;
  }

  std::filesystem::path folder_;
};

TEST_F(CapturePreviewTest, ShowsFirstPointsAndSeriesOfEachRule) {
  std::string log;
  for (int i = 1; i <= 9; ++i) log += "loss=" + std::to_string(i) + " acc=0.5\n";
  const Preview preview = PreviewOf(*Rules({{"loss", "loss=(\\d)"}}, "key-value"), log + "loss=0");
  ASSERT_THAT(preview.rules, SizeIs(2));
  EXPECT_EQ(preview.lines, 10u);
  EXPECT_EQ(preview.bytes, log.size() + 6);
  EXPECT_EQ(preview.points, 19u);
  EXPECT_EQ(preview.rules[0].counters.numbers, 10u);
  ASSERT_THAT(preview.rules[0].first_points, SizeIs(kPreviewPoints));
  EXPECT_EQ(preview.rules[0].first_points[4].point.value, 5);
  EXPECT_THAT(preview.rules[1].series, ElementsAre("acc"));
  EXPECT_EQ(preview.rules[0].advice, "");
}

TEST_F(CapturePreviewTest, LargeLogIsReadToItsEnd) {
  std::string log;
  while (log.size() < 9 * 1024 * 1024) log += "nothing to see in this line at all\n";
  const Preview preview = PreviewOf(*Rules({{"loss", "loss=(\\d)"}}), log + "loss=7\n");
  EXPECT_EQ(preview.points, 1u);
  EXPECT_EQ(preview.bytes, log.size() + 7);
}

TEST_F(CapturePreviewTest, AdviceSaysWhatIsWrongWithTheNearestLineOrSample) {
  const Preview preview = PreviewOf(*Rules({{"f1", "'eval_f1': (.*?),"},
                                            {"text", "name: (.*)"},
                                            {"half", "v=(\\S+)"},
                                            {"away", "qqqq(.)"}}),
                                    "{\"eval_f1\": 0.9}\nname: bert\nv=1 v=x\n");
  EXPECT_EQ(preview.rules[0].advice, "f1: no match in 3 lines; nearest line: {\"eval_f1\": 0.9}");
  EXPECT_EQ(preview.rules[1].advice, "text: 1 matches but no number; the last one was: bert");
  EXPECT_THAT(preview.rules[2].advice, HasSubstr("1 of 2 matches are no numbers"));
  EXPECT_THAT(preview.rules[3].advice, HasSubstr("no line holds a word of it"));
}

TEST_F(CapturePreviewTest, EmptyLogSaysSo) {
  EXPECT_EQ(PreviewOf(*Rules({{"f1", "(x)"}}), "").rules[0].advice, "f1: the log has no line yet");
}

TEST_F(CapturePreviewTest, MissingFileIsNotFound) {
  const auto preview = PreviewLog(*Rules({{"f1", "(x)"}}), (folder_ / "no").string());
  EXPECT_EQ(preview.status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace xp::capture
