// However a log is cut into reads and reports, it gives the same.
#include "worker/capture/report_cut.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/worker/capture/cut_kit.h"
#include "worker/capture/nearest_so_far.h"

namespace xp::capture {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

constexpr std::string_view kLog =
    "loss: 0.5\r\n\r 10%|#  | 1/10\r        \r{'loss': '0.25', 'epoch': 1}\n"
    "\x1b[Aloss: \x1b[1m0.125\x1b[0m loss: x\nÄ loss: nan\rloss: 7";

std::shared_ptr<const MetricRules> LossRules() {
  return Rules({{"loss", "loss'?: (\\S+?)(?:,|\\s|$)"}, {"none", "'eval_loss': (.*?),"}},
               "key-value");
}

TEST(ReportCutTest, ReportEndsWhereALineEnds) {
  SeriesNames names;
  const Report report = CutReport(*LossRules(), {}, "loss: 1\nloss: 2\nlo", ArrivalTimes(), &names);
  EXPECT_EQ(report.to.offset, 16u);
  EXPECT_EQ(report.bytes(), 16u);
  EXPECT_EQ(report.lines, 2u);
  EXPECT_THAT(report.series, ElementsAre("loss"));
  EXPECT_THAT(report.points, SizeIs(2));
}

TEST(ReportCutTest, WithoutAWholeLineThereIsNoReportYet) {
  SeriesNames names;
  const Report report = CutReport(*LossRules(), {5, false}, "loss: 1", ArrivalTimes(), &names);
  EXPECT_EQ(report.from, report.to);
}

TEST(ReportCutTest, EverySingleCutGivesTheSame) {
  const auto rules = LossRules();
  const Collected whole = CollectWhole(*rules, kLog);
  ASSERT_EQ(ValuesOf(whole, "loss").size(), 5u);
  for (size_t cut = 1; cut < kLog.size(); ++cut) {
    ASSERT_EQ(CollectGrowing(*rules, kLog, {cut}), whole) << "cut at " << cut;
  }
}

TEST(ReportCutTest, OneByteAtATimeGivesTheSame) {
  const auto rules = LossRules();
  std::vector<size_t> sizes;
  for (size_t size = 1; size < kLog.size(); ++size) sizes.push_back(size);
  const Collected whole = CollectWhole(*rules, kLog);
  EXPECT_EQ(CollectGrowing(*rules, kLog, sizes), whole);
  EXPECT_EQ(CollectGrowing(*rules, kLog, sizes, {}, Worker::kRestartsEachTime), whole);
}

TEST(ReportCutTest, BoundsOnBytesAndPointsChangeOnlyTheNumberOfReports) {
  const auto rules = LossRules();
  const Collected whole = CollectWhole(*rules, kLog);
  for (size_t bound = 40; bound <= kLog.size(); ++bound) {
    CutOptions options;
    options.max_bytes = bound;
    const Collected bounded = CollectWhole(*rules, kLog, options);
    ASSERT_EQ(bounded, whole) << bound << " bytes";
  }
  CutOptions options;
  options.max_points = 1;
  const Collected single = CollectWhole(*rules, kLog, options);
  EXPECT_EQ(single, whole);
  EXPECT_GE(single.reports, 5u);
}

TEST(ReportCutTest, MatchThatTouchesTheCutOfALongLineIsDroppedAndCounted) {
  CutOptions options;
  options.max_line_bytes = 13;
  const Collected all =
      CollectWhole(*Rules({{"a", "a=(\\d+)"}}), "a=1 xxxxx a=234 a=5\na=6\n", options);
  EXPECT_THAT(ValuesOf(all, "a"), ElementsAre(1, 6));
  EXPECT_EQ(all.counters[0].matches, 3u);
  EXPECT_EQ(all.counters[0].dropped_at_cut, 1u);  // "a=2", not "a=234"; a=5 was never looked at
  EXPECT_EQ(all.long_lines, 1u);
}

TEST(ReportCutTest, LineBeyond64KiBIsCutAtTheContractsLimit) {
  const std::string filler(limits::kLineMaxBytes - 4, 'x');
  const auto rules = Rules({{"a", "a=(\\d)"}});
  EXPECT_THAT(ValuesOf(CollectWhole(*rules, filler + " a=1\n"), "a"), ElementsAre(1));
  const Collected longer = CollectWhole(*rules, filler + "  a=1\na=2\n");
  EXPECT_THAT(ValuesOf(longer, "a"), ElementsAre(2));
  const Collected touching = CollectWhole(*rules, filler + " a=12\na=2\n");
  EXPECT_THAT(ValuesOf(touching, "a"), ElementsAre(2));
  EXPECT_EQ(touching.counters[0].dropped_at_cut, 1u);
}

TEST(ReportCutTest, TenMegabytesWithoutALineEndStillMoveOn) {
  std::string log(10 * 1024 * 1024, 'x');
  log += "\na=1\n";
  const Collected all = CollectWhole(*Rules({{"a", "a=(\\d)"}}), log);
  EXPECT_THAT(ValuesOf(all, "a"), ElementsAre(1));
  EXPECT_EQ(all.lines, 2u);
  EXPECT_GE(all.reports, 20u);  // limits::kReportMaxBytes each
}

TEST(ReportCutTest, SeriesBeyondTheLimitAreCountedAndNamed) {
  std::string log;
  for (int i = 0; i < 1200; ++i) log += "m" + std::to_string(i) + "=1\n";
  log += "m0=2 late=3\n";
  const Collected all = CollectWhole(*Rules({{"late", "late=(\\d)"}}, "key-value"), log);
  EXPECT_EQ(all.points.size(), 1001u);  // 999 names, m0 again, and the definition's own
  EXPECT_EQ(all.counters[1].beyond_limits, 201u);
  EXPECT_EQ(all.counters[1].dropped_series.size(), 20u);
  EXPECT_EQ(all.counters[1].dropped_series.front(), "m999");
  EXPECT_THAT(ValuesOf(all, "late"), ElementsAre(3));
}

TEST(ReportCutTest, ReadingAStretchAgainAdmitsTheSameSeries) {
  std::string log;
  for (int i = 0; i < 1200; ++i) log += "m" + std::to_string(i) + "=1\n";
  const auto rules = Rules({}, "key-value");
  SeriesNames names;
  const Report first = CutReport(*rules, {}, log, ArrivalTimes(), &names);
  const Report again = CutReport(*rules, {}, log, ArrivalTimes(), &names);
  EXPECT_EQ(again.series, first.series);
  EXPECT_EQ(again.points, first.points);
}

TEST(ReportCutTest, OnlyNearerLinesAreLetThroughToAReceiverThatKeepsTheLast) {
  const auto rules = Rules({{"f1", "'eval_f1': (.*?),"}});
  const std::string log = "eval is on\nf1\n\"eval_f1\" 0.9\neval again\n";
  std::string kept;
  NearestSoFar nearest;
  SeriesNames names;
  LogPosition position;
  for (const size_t size : {11, 14, 28, 39}) {
    Report report = CutReport(*rules, position, log.substr(position.offset, size - position.offset),
                              ArrivalTimes(), &names);
    nearest.Filter(&report.counters);
    if (!report.counters[0].nearest.line.text.empty()) kept = report.counters[0].nearest.line.text;
    position = report.to;
  }
  EXPECT_EQ(position.offset, log.size());
  EXPECT_EQ(kept, "\"eval_f1\" 0.9");
}

TEST(ReportCutTest, CountersAddUp) {
  const Collected all = CollectWhole(*LossRules(), kLog);
  for (const RuleCounters& c : all.counters) {
    EXPECT_EQ(c.matches, c.numbers + c.rejected + c.beyond_limits + c.dropped_at_cut);
  }
  EXPECT_EQ(all.lines, 7u);
}

}  // namespace
}  // namespace xp::capture
