#include "server/core/metric_summary.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace xp::core {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

MetricPoint Point(double value, int64_t step = 0) {
  MetricPoint point;
  point.value = value;
  point.step = step;
  point.time_ms = 1000 * step;
  return point;
}

MetricSummary Of(const std::vector<double>& values) {
  MetricSummary summary;
  int64_t step = 0;
  for (const double value : values) summary.Add(Point(value, ++step));
  return summary;
}

// The loss of the published run: facts/sagemaker.md section 4.
TEST(MetricSummaryTest, GivesThePublishedFrame) {
  const MetricSummary loss = Of({0.258967, 0.171137});
  EXPECT_EQ(loss.count, 2u);
  EXPECT_NEAR(loss.min.value, 0.171137, 1e-12);
  EXPECT_NEAR(loss.max.value, 0.258967, 1e-12);
  EXPECT_NEAR(loss.mean, 0.215052, 1e-9);
  EXPECT_NEAR(loss.StdDev(), 0.062105, 5e-7);  // the sample deviation; of the population: 0.043915
  EXPECT_NEAR(loss.last.value, 0.171137, 1e-12);
}

TEST(MetricSummaryTest, StdDevOfOneIsZero) {
  EXPECT_EQ(Of({}).StdDev(), 0);
  EXPECT_EQ(Of({3.5}).StdDev(), 0);
  EXPECT_FALSE(Of({}).has_values());
}

TEST(MetricSummaryTest, NanAndInfAreCountedApart) {
  const MetricSummary summary = Of({kNan, 1, kInf, 3, -kInf, kNan});
  EXPECT_EQ(summary.count, 2u);
  EXPECT_EQ(summary.nan_count, 2u);
  EXPECT_EQ(summary.inf_count, 2u);
  EXPECT_EQ(summary.points(), 6u);
  EXPECT_EQ(summary.mean, 2);
  EXPECT_EQ(summary.first.value, 1);
  EXPECT_EQ(summary.last.value, 3);
}

TEST(MetricSummaryTest, FirstAndLastGoByPositionNotByStep) {
  MetricSummary summary;
  summary.Add(Point(1, 100));
  summary.Add(Point(2, 50));
  summary.Add(Point(kNan, 200));
  EXPECT_EQ(summary.first.step, 100);
  EXPECT_EQ(summary.last.step, 50);
}

TEST(MetricSummaryTest, OfEqualExtremesTheFirstIsKept) {
  const MetricSummary summary = Of({2, 1, 1, 2});
  EXPECT_EQ(summary.max.step, 1);
  EXPECT_EQ(summary.min.step, 2);
  EXPECT_EQ(summary.min.time_ms, 2000);
}

TEST(MetricSummaryTest, HugeValuesSaturateAndNeverGiveNan) {
  const double huge = std::numeric_limits<double>::max();
  for (const auto& values : {std::vector<double>{-huge, huge},
                             {huge, -huge, huge, 1},
                             {1e200, 2e200, 3e200},
                             {huge, huge}}) {
    const MetricSummary summary = Of(values);
    EXPECT_TRUE(std::isfinite(summary.mean));
    EXPECT_FALSE(std::isnan(summary.StdDev()));
  }
  EXPECT_EQ(Of({-huge, huge}).mean, 0);
  EXPECT_FALSE(std::isnan(Merge(Of({-huge}), Of({huge})).StdDev()));
  EXPECT_EQ(Merge(Of({-huge}), Of({huge})).mean, 0);
}

TEST(MetricSummaryTest, AMillionSmallDistancesStayExact) {
  MetricSummary summary;
  for (int i = 0; i < 1'000'000; ++i) summary.Add(Point(1e9 + (i % 2)));
  EXPECT_NEAR(summary.mean, 1e9 + 0.5, 1e-6);
  EXPECT_NEAR(summary.StdDev(), 0.5, 1e-6);
}

TEST(MetricSummaryTest, MergeIsPrefixThenRunning) {
  const MetricSummary merged = Merge(Of({5, kNan, 1}), Of({3, kInf, 9}));
  EXPECT_EQ(merged.count, 4u);
  EXPECT_EQ(merged.nan_count, 1u);
  EXPECT_EQ(merged.inf_count, 1u);
  EXPECT_DOUBLE_EQ(merged.mean, 4.5);
  EXPECT_DOUBLE_EQ(merged.StdDev(), Of({5, 1, 3, 9}).StdDev());
  EXPECT_EQ(merged.first.value, 5);
  EXPECT_EQ(merged.last.value, 9);
  EXPECT_EQ(merged.min.value, 1);
  EXPECT_EQ(merged.max.value, 9);
}

TEST(MetricSummaryTest, MergeWithNothingChangesNoBit) {
  const MetricSummary some = Of({0.1, 0.7, -3.3});
  EXPECT_TRUE(BitEqual(Merge(some, {}), some));
  EXPECT_TRUE(BitEqual(Merge({}, some), some));
  EXPECT_TRUE(BitEqual(Merge({}, {}), MetricSummary{}));
  const MetricSummary only_nan = Of({kNan});
  EXPECT_EQ(Merge(only_nan, some).nan_count, 1u);
  EXPECT_EQ(Merge(only_nan, some).first.value, 0.1);
}

TEST(MetricSummaryTest, MergeAgreesWithAddingAtAnyCut) {
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> value(-5, 20);
  std::vector<double> values(200);
  for (double& v : values) v = value(random);
  const MetricSummary whole = Of(values);
  for (size_t cut = 0; cut <= values.size(); ++cut) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(cut);
    const MetricSummary merged = Merge(Of({values.begin(), middle}), Of({middle, values.end()}));
    EXPECT_EQ(merged.count, whole.count);
    EXPECT_NEAR(merged.mean, whole.mean, 1e-12);
    EXPECT_NEAR(merged.StdDev(), whole.StdDev(), 1e-12);
    EXPECT_EQ(merged.min.value, whole.min.value);
    EXPECT_EQ(merged.last.value, whole.last.value);
  }
}

TEST(MetricSummaryTest, BitEqualSeesEveryField) {
  const MetricSummary a = Of({1, 2});
  EXPECT_TRUE(BitEqual(a, Of({1, 2})));
  MetricSummary b = a;
  b.min.time_ms += 1;
  EXPECT_FALSE(BitEqual(a, b));
  b = a;
  b.last.epoch = 1;
  EXPECT_FALSE(BitEqual(a, b));
  EXPECT_FALSE(BitEqual(Of({0.0}), Of({-0.0})));
}

}  // namespace
}  // namespace xp::core
