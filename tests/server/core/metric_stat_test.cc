#include "server/core/metric_stat.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace xp::core {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(MetricStatTest, NamesGoThereAndBack) {
  for (const char* name : {"avg", "last", "min", "max", "stddev", "count", "first"}) {
    const auto stat = ParseStat(name);
    ASSERT_TRUE(stat.has_value()) << name;
    EXPECT_EQ(StatName(*stat), name);
  }
  EXPECT_EQ(ParseStat("StdDev"), MetricStat::kStdDev);
  EXPECT_EQ(ParseStat("median"), std::nullopt);
}

TEST(MetricStatTest, AListOfStatistics) {
  EXPECT_THAT(*ParseStats("stat", "avg, last,AVG"),
              ElementsAre(MetricStat::kAvg, MetricStat::kLast));
  EXPECT_THAT(
      std::string(ParseStats("stat", "avg,lst").status().message()),
      AllOf(HasSubstr("stat: 'lst'"), HasSubstr("did you mean 'last'"), HasSubstr("stddev")));
  EXPECT_FALSE(ParseStats("stat", "").ok());
}

TEST(MetricStatTest, WithoutAFiniteValueOnlyTheCountIsThere) {
  MetricSummary summary;
  MetricPoint point;
  point.value = std::nan("");
  summary.Add(point);
  EXPECT_EQ(StatValue(summary, MetricStat::kCount), 0);
  EXPECT_EQ(StatValue(summary, MetricStat::kAvg), std::nullopt);
  EXPECT_EQ(StatValue(summary, MetricStat::kStdDev), std::nullopt);
}

TEST(MetricStatTest, EachStatisticOfASummary) {
  MetricSummary summary;
  for (const double value : {3.0, 1.0, 2.0}) {
    MetricPoint point;
    point.value = value;
    summary.Add(point);
  }
  EXPECT_EQ(StatValue(summary, MetricStat::kAvg), 2);
  EXPECT_EQ(StatValue(summary, MetricStat::kFirst), 3);
  EXPECT_EQ(StatValue(summary, MetricStat::kLast), 2);
  EXPECT_EQ(StatValue(summary, MetricStat::kMin), 1);
  EXPECT_EQ(StatValue(summary, MetricStat::kMax), 3);
  EXPECT_EQ(StatValue(summary, MetricStat::kStdDev), 1);
  EXPECT_EQ(StatValue(summary, MetricStat::kCount), 3);
}

TEST(MetricStatTest, AColumnIsAMetricWithOrWithoutStatistic) {
  const std::vector<std::string> metrics = {"test:f1", "loss", "a:last", "a"};
  EXPECT_EQ(ParseMetricColumn("test:f1", metrics), (MetricColumn{"test:f1", MetricStat::kAvg}));
  EXPECT_EQ(ParseMetricColumn("test:f1:last", metrics),
            (MetricColumn{"test:f1", MetricStat::kLast}));
  EXPECT_EQ(ParseMetricColumn("loss.min", metrics), (MetricColumn{"loss", MetricStat::kMin}));
  EXPECT_EQ(ParseMetricColumn("a:last", metrics), (MetricColumn{"a:last", MetricStat::kAvg}))
      << "a metric of exactly this name goes first";
  EXPECT_EQ(ParseMetricColumn("a:max", metrics), (MetricColumn{"a", MetricStat::kMax}));
  EXPECT_EQ(ParseMetricColumn("test", metrics), std::nullopt);
  EXPECT_EQ(ParseMetricColumn("nope:last", metrics), std::nullopt);
  EXPECT_EQ(ParseMetricColumn("", metrics), std::nullopt);
}

TEST(MetricStatTest, LowerIsBetterForWholeWordsOnly) {
  for (const char* name : {"loss", "test:loss", "eval_loss", "evalLoss", "MSELoss", "loss2", "RMSE",
                           "error_rate", "perplexity", "val/mae", "mse", "wer", "eval_runtime"}) {
    EXPECT_EQ(GuessGoal(name), MetricGoal::kMin) << name;
  }
  for (const char* name : {"f1", "test:accuracy", "glossary", "lossless", "power", "answer",
                           "terror", "samples_per_second", "", "::", "runtimes"}) {
    EXPECT_EQ(GuessGoal(name), MetricGoal::kMax) << name;
  }
}

}  // namespace
}  // namespace xp::core
