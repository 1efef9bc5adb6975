// What definitions take from lines. Cutting is tested in report_cut_test.cc.
#include "worker/capture/metric_extract.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "tests/worker/capture/cut_kit.h"

namespace xp::capture {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Collected Capture(const NamesAndRegexes& definitions, std::string_view log) {
  return CollectWhole(*Rules(definitions), log);
}

TEST(MetricExtractTest, FirstGroupIsTheValue) {
  const Collected all = Capture({{"loss", "loss: ([0-9]+(.|e\\-)[0-9]+)"}}, "x loss: 0.25 y\n");
  EXPECT_THAT(ValuesOf(all, "loss"), ElementsAre(0.25));
}

TEST(MetricExtractTest, NamedGroupsGiveValueStepEpochAndTime) {
  const Collected all = Capture(
      {{"loss", "ep (?P<epoch>\\S+) it (?<step>\\d+) at (?P<time>\\S+) (x)? ?(?<value>\\S+)"}},
      "ep 1.5 it 30 at 1795424760.25 0.7\n");
  ASSERT_THAT(all.points, SizeIs(1));
  EXPECT_EQ(all.points[0].value, 0.7);
  EXPECT_EQ(all.points[0].step, 30);
  EXPECT_EQ(all.points[0].epoch, 1.5);
  EXPECT_EQ(all.points[0].time_ms, 1795424760250);
}

TEST(MetricExtractTest, StepGroupBeforeTheValueIsNotTakenForIt) {
  const Collected all = Capture({{"loss", "step (?P<step>\\d+) loss (\\S+)"}}, "step 3 loss 0.5\n");
  EXPECT_THAT(ValuesOf(all, "loss"), ElementsAre(0.5));
}

TEST(MetricExtractTest, TimeWithoutAGroupIsTheArrivalOfTheLinesEnd) {
  // The kit's marks: 10 bytes after another, 10 ms after another.
  const Collected all = Capture({{"a", "a=(\\d+)"}}, "a=1\n12345\na=2\n");
  ASSERT_THAT(all.points, SizeIs(2));
  EXPECT_EQ(all.points[0].time_ms, 1'000'010);
  EXPECT_EQ(all.points[1].time_ms, 1'000'020);
  EXPECT_EQ(all.points[1].offset, 10u);
}

TEST(MetricExtractTest, EveryMatchInALineCountsInOrder) {
  const Collected all = Capture({{"loss", "'\\w*loss': (.*?),"}},
                                "{'loss': 0.3, 'eval_loss': 0.2, 'train_loss': 0.1, }\n");
  EXPECT_THAT(ValuesOf(all, "loss"), ElementsAre(0.3, 0.2, 0.1));
}

TEST(MetricExtractTest, MatchesBeyondAThousandInALineAreCountedOnly) {
  std::string log;
  for (int i = 0; i < 1500; ++i) log += "a=1 ";
  const Collected all = Capture({{"a", "a=(\\d)"}}, log + "\na=2\n");
  EXPECT_THAT(all.points, SizeIs(1001));
  EXPECT_EQ(all.counters[0].matches, 1501u);
  EXPECT_EQ(all.counters[0].beyond_limits, 500u);
}

TEST(MetricExtractTest, MatchWithoutANumberIsRejectedWithASample) {
  const Collected all =
      Capture({{"f1", "'eval_f1': (.*?),"}}, "{'eval_f1': array([0.9, 0.8]), }\n");
  EXPECT_THAT(all.points, IsEmpty());
  EXPECT_EQ(all.counters[0].matches, 1u);
  EXPECT_EQ(all.counters[0].rejected, 1u);
  EXPECT_EQ(all.counters[0].last_rejected.text, "array([0.9");
}

TEST(MetricExtractTest, EmptyValueIsRejectedAndEmptyMatchIsNone) {
  const Collected all = Capture({{"a", "a=(\\d*)"}, {"b", "(\\d*)"}}, "a= x\n");
  EXPECT_EQ(all.counters[0].rejected, 1u);
  EXPECT_EQ(all.counters[0].last_rejected.text, "a=");
  EXPECT_EQ(all.counters[1].matches, 0u);
}

TEST(MetricExtractTest, QuotedFloatsOfNewTrainersAreNumbers) {
  const Collected all =
      Capture({{"f1", "'eval_f1': (.*?),"}}, "{'eval_f1': '0.9347', 'epoch': '1'}\n");
  EXPECT_THAT(ValuesOf(all, "f1"), ElementsAre(0.9347));
}

TEST(MetricExtractTest, NanAndInfinityAreValues) {
  const Collected all = Capture({{"l", "l=(\\S+)"}}, "l=nan\nl=-inf\n");
  ASSERT_THAT(all.points, SizeIs(2));
  EXPECT_TRUE(std::isnan(all.points[0].value));
  EXPECT_TRUE(std::isinf(all.points[1].value));
}

TEST(MetricExtractTest, StepThatIsNotWholeIsDroppedAndCountedButThePointStays) {
  const Collected all =
      Capture({{"l", "s=(?P<step>\\S+) e=(?P<epoch>\\S+) t=(?P<time>\\S+) l=(\\S+)"}},
              "s=1.5 e=one t=noon l=7\n");
  ASSERT_THAT(all.points, SizeIs(1));
  EXPECT_FALSE(all.points[0].step);
  EXPECT_FALSE(all.points[0].epoch);
  EXPECT_EQ(all.counters[0].numbers, 1u);
  EXPECT_EQ(all.counters[0].fields_rejected, 3u);
  EXPECT_EQ(all.counters[0].last_rejected.text, "noon");
}

TEST(MetricExtractTest, EscapeSequencesAreStrippedBeforeMatching) {
  const Collected all = Capture({{"loss", "^loss: (\\S+)$"}},
                                "\x1b[A\x1b[1mlo\x1b[31mss\x1b[0m: \x1b]0;title\x07"
                                "0.5\x1b[K\n"
                                "\x1b[A\n");
  EXPECT_THAT(ValuesOf(all, "loss"), ElementsAre(0.5));
  EXPECT_EQ(all.lines, 1u);  // nothing is left of the second
}

TEST(MetricExtractTest, EscapeSequenceEndsWithItsLine) {
  const Collected all =
      Capture({{"loss", "loss: (\\S+)"}}, "a \x1b]0;never closed\nloss: 0.5 \x1b[3\n");
  EXPECT_THAT(ValuesOf(all, "loss"), ElementsAre(0.5));
  EXPECT_EQ(all.lines, 2u);
}

TEST(MetricExtractTest, CarriageReturnLetsAnAnchorMatchBehindAProgressBar) {
  const Collected all =
      Capture({{"loss", "^\\{'loss': (.*?),"}}, "\r 50%|### | 1/2\r      \r{'loss': 0.5, }\n");
  EXPECT_THAT(ValuesOf(all, "loss"), ElementsAre(0.5));
}

TEST(MetricExtractTest, NulBytesAndInvalidUtf8DoNoHarm) {
  const std::string log("\0\xff\xfe a=1 \xc3\n\x80 a=2 \0b\n", 19);
  const Collected all = Capture({{"a", "^.*a=(\\d)"}}, log);
  EXPECT_THAT(ValuesOf(all, "a"), ElementsAre(1, 2));
  EXPECT_EQ(all.lines, 2u);
}

TEST(MetricExtractTest, Utf8InRegexAndLogMatchesByCharacter) {
  const Collected all = Capture({{"v", "Verlust…: .([äö])?(\\d)"}, {"w", "größe=(?P<value>\\d)"}},
                                "größe=4 Verlust…: ü7\n");
  EXPECT_THAT(ValuesOf(all, "w"), ElementsAre(4));
  EXPECT_EQ(all.counters[0].matches, 1u);
}

TEST(MetricExtractTest, SamplesAreShortAndPrintable) {
  const Collected all = Capture({{"a", "a=(.*)"}}, "a=\x01\x07" + std::string(999, 'x') + "\n");
  EXPECT_EQ(all.counters[0].last_rejected.text.substr(0, 7), "\xEF\xBF\xBD\xEF\xBF\xBDx");
  EXPECT_LE(all.counters[0].last_rejected.text.size(), 256u);
}

TEST(MetricExtractTest, NearestLineSharesMostWordsOfTheRegex) {
  const Collected all = Capture({{"f1", "'eval_f1': (.*?),"}},
                                "Running evaluation\nF1 is good\n{\"eval_f1\": 0.9}\neval f1\n");
  EXPECT_EQ(all.counters[0].matches, 0u);
  EXPECT_EQ(all.counters[0].nearest.line.text, "{\"eval_f1\": 0.9}");
  EXPECT_EQ(all.counters[0].nearest.line.offset, 30u);
}

TEST(MetricExtractTest, NoLineIsNearWhenNoneHasAWordAndNoneIsKeptAfterAMatch) {
  const Collected all = Capture({{"a", "qqq=(x)"}, {"b", "bbb=(\\d)"}}, "bbb: 1\nbbb=1\n");
  EXPECT_EQ(all.counters[0].nearest.score, 0u);
  EXPECT_EQ(all.counters[1].matches, 1u);
  EXPECT_EQ(all.counters[1].nearest.line.text, "");
}

TEST(MetricExtractTest, PathologicalRegexIsLinear) {
  const std::string log(60'000, 'a');
  const Collected all = Capture({{"evil", "(a+)+$|((a|a)*)b"}}, log + "c\n");
  EXPECT_EQ(all.lines, 1u);
}

}  // namespace
}  // namespace xp::capture
