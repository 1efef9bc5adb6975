// The progress bar within the terminal's width.
#include "worker/trainer/progress.h"

#include <gtest/gtest.h>

#include <map>
#include <sstream>

namespace xp::trainer {
namespace {

const std::string kErase = "\r\033[K";

// An evaluation on a terminal, with a clock and a width that the test sets.
class ProgressTest : public testing::Test {
 protected:
  Progress Bar(const std::string& what = "evaluating", const std::string& unit = "examples") {
    return {{what, unit, ProgressStyle::kBar, [this] { return columns_; }},
            [this] { return std::chrono::steady_clock::time_point(elapsed_); },
            out_};
  }
  // What the terminal shows once `done` are done, a second later.
  std::string Drawn(Progress& progress, uint64_t done) {
    elapsed_ += std::chrono::seconds(1);
    out_.str("");
    progress.Update(done);
    const std::string drawn = out_.str();
    EXPECT_TRUE(drawn.starts_with(kErase)) << drawn;
    EXPECT_EQ(drawn.find('\n'), drawn.npos);
    return drawn.substr(std::min(kErase.size(), drawn.size()));
  }

  int columns_ = 80;
  std::chrono::nanoseconds elapsed_{0};
  std::ostringstream out_;
};

TEST_F(ProgressTest, TheBarGivesWayBeforeTheNumbers) {
  Progress progress = Bar();
  progress.SetTotal(160);
  EXPECT_EQ(Drawn(progress, 64),
            "evaluating  40% |##########               | 64/160, 0:01 left (64.0 examples/s)");
  columns_ = 200;
  EXPECT_EQ(Drawn(progress, 80),
            "evaluating  50% |###############               | 80/160, 0:02 left (40.0 examples/s)");
}

TEST_F(ProgressTest, ThenTheRateGoesTheTimeLeftAndTheBar) {
  for (const auto& [columns, line] : std::map<int, std::string>{
           {60, "evaluating  50% |##   | 80/160, 0:01 left (80.0 examples/s)"},
           {59, "evaluating  50% |###########           | 80/160, 0:01 left"},
           {41, "evaluating  50% |#######        | 80/160"},
           {30, "evaluating  50% 80/160"},
           {22, "evaluating  50%"},
           {9, "evaluati"}}) {
    Progress progress = Bar();
    progress.SetTotal(160);
    columns_ = columns;
    EXPECT_EQ(Drawn(progress, 80), line) << columns;
  }
}

TEST_F(ProgressTest, NoWidthIsWrittenPast) {
  for (columns_ = 1; columns_ <= 100; ++columns_) {
    Progress progress = Bar("model-00001-of-00002.safetensors", "bytes");
    Progress unknown = Bar("\u0444\u0438\u043b\u044c\u043c", "bytes");
    progress.SetTotal(1234567890);
    EXPECT_LT(Drawn(progress, 987654321).size(), size_t(columns_));
    const std::string cut = Drawn(unknown, 987654321);
    EXPECT_LT(cut.size(), size_t(columns_));
    // No character is cut in two: each takes two bytes before the blank.
    EXPECT_TRUE(cut.find(' ') != cut.npos || cut.size() % 2 == 0) << cut;
  }
}

TEST_F(ProgressTest, AResizedTerminalGetsTheNextBarInItsWidth) {
  Progress progress = Bar();
  progress.SetTotal(1000);
  const std::string wide = Drawn(progress, 100);
  columns_ = 40;
  EXPECT_GT(wide.size(), 40u);
  EXPECT_LT(Drawn(progress, 200).size(), 40u);
}

TEST_F(ProgressTest, EightyWhereTheTerminalDoesNotSay) {
  columns_ = 0;
  Progress progress = Bar();
  progress.SetTotal(160);
  EXPECT_EQ(Drawn(progress, 64).size(), 79u);
}

}  // namespace
}  // namespace xp::trainer
