#include "server/backfill/log_extract.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

#include "tests/worker/capture/cut_kit.h"

namespace xp::backfill {
namespace {

using ::testing::ElementsAre;

// A stored log: pieces in order, possibly with gaps.
class StoredLog {
 public:
  void Add(uint64_t offset, const std::string& bytes, int64_t time_ms = 1000) {
    pieces_.push_back({offset, bytes, {{offset, time_ms}}});
  }

  absl::StatusOr<StoredPiece> Read(uint64_t offset) const {
    for (const StoredPiece& piece : pieces_) {
      if (piece.offset >= offset) return piece;
    }
    return StoredPiece{offset, "", {}};
  }

 private:
  std::vector<StoredPiece> pieces_;
};

struct Taken {
  Extracted extracted;
  std::map<std::string, std::vector<core::MetricPoint>> points;
  std::map<std::string, size_t> rules;
  size_t batches = 0;
};

Taken Extract(const capture::MetricRules& rules, const StoredLog& log,
              ExtractOptions options = {}) {
  Taken taken;
  const auto extracted = ExtractLog(
      rules, [&](uint64_t offset) { return log.Read(offset); },
      [&](const std::vector<SeriesBatch>& batch) {
        ++taken.batches;
        for (const SeriesBatch& series : batch) {
          taken.rules[series.metric] = series.rule;
          std::vector<core::MetricPoint>& points = taken.points[series.metric];
          points.insert(points.end(), series.points.begin(), series.points.end());
        }
        return absl::OkStatus();
      },
      options);
  EXPECT_TRUE(extracted.ok()) << extracted.status();
  if (extracted.ok()) taken.extracted = *extracted;
  return taken;
}

std::vector<double> Values(const Taken& taken, const std::string& metric) {
  std::vector<double> values;
  const auto found = taken.points.find(metric);
  if (found == taken.points.end()) return values;
  for (const core::MetricPoint& point : found->second) values.push_back(point.value);
  return values;
}

const auto& LossRules() {
  static const auto* const rules = new std::shared_ptr<const capture::MetricRules>(
      capture::Rules({{"loss", "loss=(\\S+)"}}, "key-value"));
  return **rules;
}

TEST(LogExtractTest, LineCutBetweenPiecesIsOneLine) {
  StoredLog log;
  log.Add(0, "a=1 loss=0.", 1000);
  log.Add(11, "5\nloss=2\nloss", 2000);
  log.Add(24, "=3", 3000);
  const Taken taken = Extract(LossRules(), log);
  EXPECT_THAT(Values(taken, "loss"), ElementsAre(0.5, 2, 3));
  EXPECT_THAT(Values(taken, "a"), ElementsAre(1));
  EXPECT_EQ(taken.rules.at("loss"), 0u);
  EXPECT_EQ(taken.rules.at("a"), 1u);
  EXPECT_EQ(taken.points.at("loss")[0].time_ms, 2000);  // when the line's end was there
  EXPECT_EQ(taken.points.at("loss")[2].time_ms, 3000);
  EXPECT_EQ(taken.points.at("loss")[1].log_offset, 13u);
  EXPECT_EQ(taken.extracted.bytes, 26u);
  EXPECT_EQ(taken.extracted.lines, 3u);
}

TEST(LogExtractTest, UnprintedStepsAreNumberedAcrossBatchesAndPrintedOnesKept) {
  const auto rules = capture::Rules({{"a", "a=(\\d)(?: step (?P<step>\\d+))?"}});
  StoredLog log;
  log.Add(0, "a=1\na=2\n");
  log.Add(8, "a=3 step 70\na=4\n");
  const Taken taken = Extract(*rules, log, {.max_points = 1});
  const std::vector<core::MetricPoint>& points = taken.points.at("a");
  ASSERT_EQ(points.size(), 4u);
  EXPECT_EQ(points[1].step, 2);
  EXPECT_FALSE(points[1].step_printed);
  EXPECT_EQ(points[2].step, 70);
  EXPECT_TRUE(points[2].step_printed);
  EXPECT_EQ(points[3].step, 4);
  EXPECT_EQ(taken.batches, 4u);
}

TEST(LogExtractTest, LineTornByAGapIsNotMatchedOnEitherSide) {
  StoredLog log;
  log.Add(0, "loss=1\nloss=2");
  log.Add(1000, "7 loss=8\nloss=9\n");
  const Taken taken = Extract(LossRules(), log);
  EXPECT_THAT(Values(taken, "loss"), ElementsAre(1, 9));
  EXPECT_EQ(taken.extracted.bytes_not_kept, 1000u - 13u);
}

TEST(LogExtractTest, EmptyLogGivesNothing) {
  const Taken taken = Extract(LossRules(), StoredLog());
  EXPECT_EQ(taken.extracted.points, 0u);
  EXPECT_EQ(taken.batches, 0u);
  EXPECT_EQ(taken.extracted.counters.size(), 2u);
}

TEST(LogExtractTest, AnyPiecesGiveWhatTheWorkerFound) {
  std::mt19937_64 random(11);
  std::string bytes;
  for (int i = 0; i < 200; ++i) {
    bytes += "\r 10%|#| " + std::to_string(i) + "\rstep: " + std::to_string(i) + " loss=0." +
             std::to_string(i) + (i % 7 == 0 ? " " + std::string(70'000, 'x') : "") + "\n";
  }
  const capture::Collected live = capture::CollectWhole(LossRules(), bytes);
  for (int round = 0; round < 20; ++round) {
    StoredLog log;
    for (size_t at = 0; at < bytes.size();) {
      const size_t size = 1 + random() % 60'000;
      log.Add(at, bytes.substr(at, size));
      at += std::min(size, bytes.size() - at);
    }
    const Taken taken = Extract(LossRules(), log);
    ASSERT_EQ(Values(taken, "loss"), capture::ValuesOf(live, "loss"));
    ASSERT_EQ(taken.extracted.lines, live.lines);
    ASSERT_EQ(taken.extracted.long_lines, live.long_lines);
    ASSERT_EQ(taken.extracted.counters[0].matches, live.counters[0].matches);
  }
}

TEST(LogExtractTest, ErrorOfTheTakerEndsTheWalkWithIt) {
  StoredLog log;
  log.Add(0, "loss=1\n");
  const auto extracted = ExtractLog(
      LossRules(), [&](uint64_t offset) { return log.Read(offset); },
      [](const std::vector<SeriesBatch>&) { return absl::ResourceExhaustedError("full"); });
  EXPECT_EQ(extracted.status().code(), absl::StatusCode::kResourceExhausted);
}

TEST(LogExtractTest, StoreThatGoesBackwardsIsRefusedInsteadOfReadForEver) {
  const auto extracted = ExtractLog(
      LossRules(),
      [](uint64_t) {
        return StoredPiece{0, "loss=1\n", {}};
      },
      [](const std::vector<SeriesBatch>&) { return absl::OkStatus(); });
  EXPECT_EQ(extracted.status().code(), absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace xp::backfill
