#include "server/core/trial_compare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/server/core/compare_fixture.h"

namespace xp::core {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

CompareTable Table(const std::vector<CompareTrial>& trials, const CompareOptions& options = {}) {
  const auto table = CompareTrials(trials, options);
  EXPECT_TRUE(table.ok()) << table.status();
  return table.ok() ? *table : CompareTable{};
}

std::string Error(const std::vector<CompareTrial>& trials, const CompareOptions& options) {
  const auto table = CompareTrials(trials, options);
  EXPECT_EQ(table.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(table.status().message());
}

Filter Where(const char* text) { return *Filter::Parse("filter", text, TrialFilterFields()); }

TEST(TrialCompareTest, ThePublishedTable) {
  const CompareTable table = Table(PublishedRun());
  EXPECT_THAT(Labels(table), ElementsAre("distilroberta", "distilbert")) << "as submitted";
  ASSERT_EQ(table.columns.size(), 2u);
  EXPECT_EQ(table.columns[0].column, (MetricColumn{"test:loss", MetricStat::kAvg}));
  EXPECT_EQ(table.columns[0].goal, MetricGoal::kMin);
  EXPECT_EQ(table.columns[1].goal, MetricGoal::kMax);
  EXPECT_NEAR(*table.rows[0].cells[0].value, 0.215052, 1e-9);
  EXPECT_NEAR(*table.rows[1].cells[0].value, 0.206742, 1e-9);
  EXPECT_FALSE(table.rows[0].cells[0].best);
  EXPECT_TRUE(table.rows[1].cells[0].best) << "the lower loss";
  EXPECT_TRUE(table.rows[1].cells[1].best) << "the higher f1";
}

TEST(TrialCompareTest, AverageAndLastDisagreeAndOneLineSaysSo) {
  const CompareTable table = Table(PublishedRun());
  ASSERT_EQ(table.notes.size(), 1u);
  EXPECT_EQ(table.notes[0],
            "test:loss, test:f1: by average distilbert is best, by last value distilroberta");
}

TEST(TrialCompareTest, DifferentCountsAreSaid) {
  const CompareTable table = Table({MakeTrial("a", {{"f1", SummaryOf({1, 2})}}),
                                    MakeTrial("b", {{"f1", SummaryOf({1, 2, 3})}})});
  EXPECT_THAT(table.notes, Contains(HasSubstr("counts differ")));
  EXPECT_THAT(table.notes, Contains(HasSubstr("f1 (2 to 3)")));
  EXPECT_THAT(
      Table({MakeTrial("a", {{"f1", SummaryOf({1})}}), MakeTrial("b", {{"f1", SummaryOf({2})}})})
          .notes,
      IsEmpty());
}

TEST(TrialCompareTest, StatisticsAreColumns) {
  const CompareTable table = Table(
      PublishedRun(), {.metrics = {"test:f1"},
                       .stats = {MetricStat::kLast, MetricStat::kStdDev, MetricStat::kCount}});
  ASSERT_EQ(table.columns.size(), 3u);
  EXPECT_NEAR(*table.rows[0].cells[1].value, 0.026935, 1e-6);
  EXPECT_EQ(table.rows[0].cells[2].value, 2);
  EXPECT_TRUE(table.rows[0].cells[0].best);
  EXPECT_FALSE(table.rows[0].cells[1].best || table.rows[1].cells[1].best)
      << "no deviation is better";
  EXPECT_FALSE(table.rows[0].cells[2].best || table.rows[1].cells[2].best);
}

TEST(TrialCompareTest, TheGoalComesFromTheOptionThenTheDefinitionThenTheName) {
  const std::vector<CompareTrial> trials = {MakeTrial("a", {{"x_loss", SummaryOf({1})}}),
                                            MakeTrial("b", {{"x_loss", SummaryOf({2})}})};
  EXPECT_TRUE(Table(trials).rows[0].cells[0].best);
  const CompareOptions defined{.goals = {{"x_loss", MetricGoal::kMax}}};
  EXPECT_TRUE(Table(trials, defined).rows[1].cells[0].best);
  const CompareOptions asked{.lower = {"x_loss"}, .goals = {{"x_loss", MetricGoal::kMax}}};
  EXPECT_TRUE(Table(trials, asked).rows[0].cells[0].best);
}

TEST(TrialCompareTest, EqualBestOnesAreAllMarkedAndASingleOneNever) {
  const CompareTable equal =
      Table({MakeTrial("a", {{"f1", SummaryOf({1})}}), MakeTrial("b", {{"f1", SummaryOf({1})}}),
             MakeTrial("c", {{"f1", SummaryOf({0})}})});
  EXPECT_TRUE(equal.rows[0].cells[0].best && equal.rows[1].cells[0].best);
  EXPECT_FALSE(equal.rows[2].cells[0].best);
  const CompareTable single = Table({MakeTrial("a", {{"f1", SummaryOf({1})}}), MakeTrial("b")});
  EXPECT_FALSE(single.rows[0].cells[0].best);
}

TEST(TrialCompareTest, ATrialWithoutNumbersKeepsItsRowAndSaysWhy) {
  std::vector<CompareTrial> trials = PublishedRun();
  trials.push_back(MakeTrial("queued"));
  trials.back().state = TrialState::kQueued;
  trials.push_back(MakeTrial("failed"));
  trials.back().state = TrialState::kFailed;
  trials.back().failure = FailureReason::kOutOfMemory;
  trials.push_back(MakeTrial("silent"));
  trials.back().no_numbers = "test:f1 matched 3 lines but no number: 'n/a'";
  trials.push_back(MakeTrial("nan", {{"test:f1", SummaryOf({std::nan(""), INFINITY})}}));
  const CompareTable table = Table(trials);
  ASSERT_EQ(table.rows.size(), 6u);
  EXPECT_EQ(table.rows[0].reason, "");
  EXPECT_EQ(table.rows[2].reason, "waits in the queue");
  EXPECT_EQ(table.rows[3].reason, "failed (OUT_OF_MEMORY) before its first number");
  EXPECT_THAT(table.rows[4].reason, HasSubstr("matched 3 lines"));
  EXPECT_EQ(table.rows[5].reason, "all 2 points are NaN or infinite");
  EXPECT_EQ(table.rows[5].cells[1].nan_count, 1u);
  EXPECT_EQ(table.rows[5].cells[1].inf_count, 1u);
}

TEST(TrialCompareTest, EveryStateHasAReason) {
  for (const TrialState state : kTrialStates) {
    CompareTrial trial = MakeTrial("t");
    trial.state = state;
    EXPECT_NE(Table({trial}).rows[0].reason, "") << StateName(state);
  }
}

TEST(TrialCompareTest, DefinedMetricsHaveColumnsBeforeTheirFirstNumber) {
  const CompareTable table =
      Table({MakeTrial("a", {{"extra", SummaryOf({1})}})},
            {.goals = {{"test:f1", MetricGoal::kUnset}, {"test:loss", MetricGoal::kUnset}}});
  ASSERT_EQ(table.columns.size(), 3u);
  EXPECT_EQ(table.columns[0].column.metric, "test:f1");
  EXPECT_EQ(table.columns[2].column.metric, "extra");
}

TEST(TrialCompareTest, TheFilterLeavesOutAndCounts) {
  std::vector<CompareTrial> trials = PublishedRun();
  trials[0].params = {{"lr", "5e-5"}};
  trials[1].params = {{"lr", "3e-5"}};
  trials[1].worker = "node-1";
  EXPECT_THAT(Labels(Table(trials, {.filter = Where("params.lr < 4e-5")})),
              ElementsAre("distilbert"));
  EXPECT_THAT(Labels(Table(trials, {.filter = Where("worker = node-1")})),
              ElementsAre("distilbert"));
  const CompareTable best = Table(trials, {.filter = Where("metrics.\"test:f1\".last > 0.94")});
  EXPECT_THAT(Labels(best), ElementsAre("distilroberta"));
  EXPECT_EQ(best.filtered_out, 1u);
}

TEST(TrialCompareTest, SeveralExperimentsPutTheirNamesBefore) {
  std::vector<CompareTrial> trials = PublishedRun();
  trials[1].experiment = "other";
  EXPECT_THAT(Labels(Table(trials)), ElementsAre("nlp/distilroberta", "other/distilbert"));
}

std::vector<CompareTrial> Seeds() {
  std::vector<CompareTrial> trials;
  const std::pair<const char*, std::vector<double>> runs[] = {
      {"5e-5", {0.90, 0.92}}, {"3e-5", {0.80}}, {"5e-5", {0.93}}, {"3e-5", {0.84, 0.84}}};
  for (const auto& [lr, values] : runs) {
    trials.push_back(MakeTrial("t" + std::to_string(trials.size()), {{"f1", SummaryOf(values)}}));
    trials.back().params = {{"lr", lr}};
  }
  return trials;
}

TEST(TrialCompareTest, AGroupIsTheMeanOfItsTrialsAverages) {
  const CompareTable table = Table(Seeds(), {.group_by = "lr"});
  EXPECT_THAT(Labels(table), ElementsAre("5e-5", "3e-5"));
  EXPECT_THAT(table.rows[0].trials, ElementsAre(0, 2));
  const CompareCell& cell = table.rows[0].cells[0];
  EXPECT_DOUBLE_EQ(*cell.value, 0.92) << "of 0.91 and 0.93, not of three points";
  EXPECT_NEAR(cell.spread, std::sqrt(0.0002), 1e-12) << "n - 1";
  EXPECT_EQ(cell.trials, 2u);
  EXPECT_TRUE(cell.best);
}

TEST(TrialCompareTest, AGroupKeepsTrialsWithoutTheParamAndWithoutNumbers) {
  std::vector<CompareTrial> trials = Seeds();
  trials.push_back(MakeTrial("lost"));
  trials.back().state = TrialState::kRunning;
  trials.push_back(MakeTrial("late"));
  trials.back().params = {{"lr", "3e-5"}};
  trials.back().state = TrialState::kQueued;
  const CompareTable table = Table(trials, {.group_by = "params.lr"});
  EXPECT_THAT(Labels(table), ElementsAre("5e-5", "3e-5", "(none)"));
  EXPECT_THAT(table.rows[1].notes, ElementsAre("late: waits in the queue"));
  EXPECT_EQ(table.rows[1].cells[0].trials, 2u);
  EXPECT_EQ(table.rows[2].reason, "runs, no number yet");
}

TEST(TrialCompareTest, GroupsOfTags) {
  std::vector<CompareTrial> trials = PublishedRun();
  trials[0].tags["team"] = "a";
  EXPECT_THAT(Labels(Table(trials, {.group_by = "tags.team"})), ElementsAre("a", "(none)"));
}

TEST(TrialCompareTest, OptionsThatMeanNothingAreRefusedWithWhatExists) {
  EXPECT_THAT(Error(PublishedRun(), {.metrics = {"test:fl"}}),
              AllOf(HasSubstr("metrics: no trial has a metric 'test:fl'"),
                    HasSubstr("did you mean 'test:f1'"), HasSubstr("test:loss, test:f1")));
  EXPECT_THAT(Error(PublishedRun(), {.lower = {"x"}}), HasSubstr("lower:"));
  EXPECT_THAT(Error(PublishedRun(), {.lower = {"test:f1"}, .higher = {"test:f1"}}),
              HasSubstr("stands in higher too"));
  EXPECT_THAT(Error(Seeds(), {.group_by = "Lr2"}),
              AllOf(HasSubstr("group_by:"), HasSubstr("params are lr")));
  EXPECT_THAT(Error(PublishedRun(), {.stats = {}}), HasSubstr("stats:"));
}

TEST(TrialCompareTest, NoTrialsMakeAnEmptyTable) {
  const CompareTable table = Table({});
  EXPECT_THAT(table.rows, IsEmpty());
  EXPECT_THAT(table.columns, IsEmpty());
}

}  // namespace
}  // namespace xp::core
