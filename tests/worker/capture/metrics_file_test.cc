#include "worker/capture/metrics_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace xp::capture {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

MetricsReport ReadFile(std::string_view bytes, CutOptions options = {}) {
  SeriesNames names;
  options.end = LogEnd::kFinal;
  return CutMetricsReport({}, bytes, ArrivalTimes(), &names, options);
}

TEST(MetricsFileTest, EachKeyIsASeriesWithTheLinesStepAndEpoch) {
  const MetricsReport report = ReadFile(
      "{\"loss\": 0.5, \"acc\": 0.75, \"step\": 120, \"epoch\": 1.5, \"time\": 1795424760}\n");
  EXPECT_THAT(report.series, ElementsAre("loss", "acc"));
  ASSERT_THAT(report.points, SizeIs(2));
  EXPECT_EQ(report.points[1].value, 0.75);
  EXPECT_EQ(report.points[1].step, 120);
  EXPECT_EQ(report.points[1].epoch, 1.5);
  EXPECT_EQ(report.points[1].time_ms, 1795424760000);
}

TEST(MetricsFileTest, PythonsNanAndInfinityAreTaken) {
  const MetricsReport report = ReadFile("{\"a\": NaN, \"b\": -Infinity, \"c\": \"0.5\"}\n");
  EXPECT_EQ(report.counters.numbers, 3u);
}

TEST(MetricsFileTest, BadLinesAreCountedWithASampleAndStopNothing) {
  const MetricsReport report =
      ReadFile("oops\n{\"a\": 1}\n[1]\n{\"b\": 2\n{\"c\": 3} x\n{\"d\": 4}");
  EXPECT_THAT(report.series, ElementsAre("a", "d"));
  EXPECT_EQ(report.counters.rejected, 4u);
  EXPECT_EQ(report.bad_lines, 4u);
  EXPECT_EQ(report.last_bad_line.text, "{\"c\": 3} x");
  EXPECT_EQ(report.lines, 6u);
}

TEST(MetricsFileTest, ValuesThatAreNoNumbersAreCounted) {
  const MetricsReport report = ReadFile(
      "{\"a\": \"x\", \"b\": null, \"c\": [1], \"d\": {\"e\": 1}, \"f\": true, \"g\": 1}\n");
  EXPECT_THAT(report.series, ElementsAre("g"));
  EXPECT_EQ(report.counters.rejected, 5u);
  EXPECT_EQ(report.bad_lines, 1u);
}

TEST(MetricsFileTest, ResumedMarkerCarriesItsStep) {
  const MetricsReport report =
      ReadFile("{\"xp\": \"resumed\", \"step\": 40}\n{\"xp\": \"resumed\"}\n");
  ASSERT_THAT(report.resumed, SizeIs(2));
  EXPECT_EQ(report.resumed[0].step, 40);
  EXPECT_FALSE(report.resumed[1].step);
  EXPECT_EQ(report.resumed[1].offset, 30u);
  EXPECT_THAT(report.points, IsEmpty());
  EXPECT_EQ(report.counters.matches, 0u);
}

TEST(MetricsFileTest, UnknownMarkersAndTheirExtrasAreCounted) {
  const MetricsReport report =
      ReadFile("{\"xp\": \"paused\"}\n{\"xp\": \"resumed\", \"loss\": 1}\n");
  EXPECT_THAT(report.resumed, SizeIs(1));
  EXPECT_EQ(report.counters.rejected, 2u);
}

TEST(MetricsFileTest, ASilenceIsPromisedInSeconds) {
  const MetricsReport report = ReadFile(
      "{\"xp\": \"silent_for\", \"seconds\": 600}\n{\"xp\": \"silent_for\", \"seconds\": 0.5}\n");
  ASSERT_THAT(report.silences, SizeIs(2));
  EXPECT_EQ(report.silences[0].seconds, 600);
  EXPECT_EQ(report.silences[1].seconds, 0.5);
  EXPECT_EQ(report.silences[1].offset, 37u);
  EXPECT_THAT(report.points, IsEmpty());
  EXPECT_EQ(report.bad_lines, 0u);
}

TEST(MetricsFileTest, APromiseWithoutATimeIsABadLine) {
  for (const char* line : {"{\"xp\": \"silent_for\"}", "{\"xp\": \"silent_for\", \"seconds\": -1}",
                           "{\"xp\": \"silent_for\", \"seconds\": Infinity}",
                           "{\"xp\": \"silent_for\", \"minutes\": 5}"}) {
    const MetricsReport report = ReadFile(line);
    EXPECT_THAT(report.silences, IsEmpty()) << line;
    EXPECT_EQ(report.bad_lines, 1u) << line;
  }
}

TEST(MetricsFileTest, UnfinishedLineWaitsForItsEnd) {
  SeriesNames names;
  const std::string bytes = "{\"a\": 1}\n{\"a\": 2";
  const MetricsReport report = CutMetricsReport({}, bytes, ArrivalTimes(), &names);
  EXPECT_THAT(report.points, SizeIs(1));
  EXPECT_EQ(report.to.offset, 9u);
}

TEST(MetricsFileTest, LongLineIsDroppedAtItsCutAndCounted) {
  CutOptions options;
  options.max_line_bytes = 20;
  const MetricsReport report =
      ReadFile("{\"a\": 1, \"b\": 2, \"c\": 3, \"d\": 4}\n{\"e\": 5}\n", options);
  EXPECT_THAT(report.series, ElementsAre("e"));
  EXPECT_EQ(report.counters.dropped_at_cut, 1u);
  EXPECT_EQ(report.long_lines, 1u);
}

TEST(MetricsFileTest, FileThatShrankIsReadAgainAsItsNextGeneration) {
  const MetricsPosition held{0, {100, true}};
  EXPECT_EQ(NextMetricsPosition(held, 100).generation, 0u);
  EXPECT_EQ(NextMetricsPosition(held, 150).position, (LogPosition{100, true}));
  EXPECT_EQ(NextMetricsPosition(held, 99).generation, 1u);
  EXPECT_EQ(NextMetricsPosition(held, 99).position, (LogPosition{0, false}));
}

TEST(MetricsFileTest, AnyCutGivesTheSamePoints) {
  const std::string bytes =
      "{\"loss\": 0.5, \"step\": 1}\r\nbad\n{\"xp\": \"resumed\", \"step\": 2}\n{\"loss\": 0.25}\n";
  const MetricsReport whole = ReadFile(bytes);
  for (size_t cut = 0; cut <= bytes.size(); ++cut) {
    SeriesNames names;
    const MetricsReport first =
        CutMetricsReport({}, std::string_view(bytes).substr(0, cut), ArrivalTimes(), &names);
    CutOptions last;
    last.end = LogEnd::kFinal;
    const MetricsReport second = CutMetricsReport(
        first.to, std::string_view(bytes).substr(first.to.offset), ArrivalTimes(), &names, last);
    std::vector<Point> points = first.points;
    points.insert(points.end(), second.points.begin(), second.points.end());
    EXPECT_EQ(points, whole.points) << cut;
    EXPECT_EQ(first.resumed.size() + second.resumed.size(), 1u);
    EXPECT_EQ(first.counters.rejected + second.counters.rejected, whole.counters.rejected);
    EXPECT_EQ(second.to.offset, bytes.size());
  }
}

}  // namespace
}  // namespace xp::capture
