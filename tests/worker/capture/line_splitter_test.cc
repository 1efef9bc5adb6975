#include "worker/capture/line_splitter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace xp::capture {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Split {
  std::vector<std::string> texts;
  std::vector<uint64_t> offsets;
  LogPosition position;
};

Split SplitAll(std::string_view bytes, LogEnd end, LogPosition from = {}, size_t max_line = 1000) {
  LineSplitter splitter(from, bytes, end, max_line);
  Split split;
  Line line;
  while (splitter.Next(&line)) {
    split.texts.push_back(std::string(line.text) + (line.cut ? "|cut" : ""));
    split.offsets.push_back(line.offset);
  }
  split.position = splitter.position();
  return split;
}

TEST(LineSplitterTest, LineFeedCarriageReturnAndBothEndALine) {
  const Split split = SplitAll("a\nbb\rccc\r\nd\n", LogEnd::kMayGrow);
  EXPECT_THAT(split.texts, ElementsAre("a", "bb", "ccc", "d"));
  EXPECT_THAT(split.offsets, ElementsAre(0, 2, 5, 10));
  EXPECT_EQ(split.position, (LogPosition{12, false}));
}

TEST(LineSplitterTest, EmptySegmentsAreNoLines) {
  EXPECT_THAT(SplitAll("\n\r\r\n\n", LogEnd::kFinal).texts, IsEmpty());
  EXPECT_EQ(SplitAll("\n\r\r\n\n", LogEnd::kMayGrow).position.offset, 5u);
}

TEST(LineSplitterTest, PartialLastLineIsLeftUntilTheEnd) {
  const Split growing = SplitAll("a\nbc", LogEnd::kMayGrow);
  EXPECT_THAT(growing.texts, ElementsAre("a"));
  EXPECT_EQ(growing.position.offset, 2u);
  EXPECT_THAT(SplitAll("a\nbc", LogEnd::kFinal).texts, ElementsAre("a", "bc"));
}

TEST(LineSplitterTest, CrAndLfCutApartMakeNoExtraLine) {
  const Split first = SplitAll("ab\r", LogEnd::kMayGrow);
  EXPECT_THAT(first.texts, ElementsAre("ab"));
  const Split second = SplitAll("\ncd\r\n", LogEnd::kMayGrow, first.position);
  EXPECT_THAT(second.texts, ElementsAre("cd"));
  EXPECT_THAT(second.offsets, ElementsAre(4));
}

TEST(LineSplitterTest, LineOfExactlyTheLimitIsWhole) {
  EXPECT_THAT(SplitAll("12345\n", LogEnd::kMayGrow, {}, 5).texts, ElementsAre("12345"));
  EXPECT_THAT(SplitAll("12345", LogEnd::kMayGrow, {}, 5).texts, IsEmpty());
  EXPECT_THAT(SplitAll("12345", LogEnd::kFinal, {}, 5).texts, ElementsAre("12345"));
}

TEST(LineSplitterTest, LongLineIsGivenOnceCutAndItsRemainderPassedOver) {
  const Split split = SplitAll("1234567890\nab\n", LogEnd::kMayGrow, {}, 5);
  EXPECT_THAT(split.texts, ElementsAre("12345|cut", "ab"));
  EXPECT_THAT(split.offsets, ElementsAre(0, 11));
}

TEST(LineSplitterTest, FlagIsAllThatReadingOnNeedsInsideALongLine) {
  const Split first = SplitAll("123456", LogEnd::kMayGrow, {}, 5);
  EXPECT_THAT(first.texts, ElementsAre("12345|cut"));
  EXPECT_EQ(first.position, (LogPosition{6, true}));
  const Split second = SplitAll("789", LogEnd::kMayGrow, first.position, 5);
  EXPECT_THAT(second.texts, IsEmpty());
  EXPECT_EQ(second.position, (LogPosition{9, true}));
  const Split third = SplitAll("0\rab\n", LogEnd::kMayGrow, second.position, 5);
  EXPECT_THAT(third.texts, ElementsAre("ab"));
  EXPECT_EQ(third.position, (LogPosition{14, false}));
}

TEST(LineSplitterTest, EndOffsetIsWhereTheLineHadArrived) {
  LineSplitter splitter({100, false}, "ab\ncd", LogEnd::kFinal);
  Line line;
  ASSERT_TRUE(splitter.Next(&line));
  EXPECT_EQ(line.offset, 100u);
  EXPECT_EQ(line.end_offset, 103u);
  ASSERT_TRUE(splitter.Next(&line));
  EXPECT_EQ(line.end_offset, 105u);
}

// The simplest splitter that one can write, for comparison: a byte at a time.
std::vector<std::string> SplitSlowly(std::string_view bytes) {
  std::vector<std::string> lines;
  std::string line;
  for (const char c : bytes) {
    if (c != '\n' && c != '\r') {
      line += c;
      continue;
    }
    if (!line.empty()) lines.push_back(line);
    line.clear();
  }
  if (!line.empty()) lines.push_back(line);
  return lines;
}

TEST(LineSplitterTest, AnyTextOfThreeKindsOfBytesSplitsAsByteByByte) {
  // Every text of up to 8 bytes out of {x, CR, LF}, and every cut of it in two.
  for (size_t length = 0; length <= 8; ++length) {
    size_t count = 1;
    for (size_t i = 0; i < length; ++i) count *= 3;
    for (size_t number = 0; number < count; ++number) {
      std::string text;
      for (size_t i = 0, rest = number; i < length; ++i, rest /= 3) text += "x\r\n"[rest % 3];
      const std::vector<std::string> expected = SplitSlowly(text);
      for (size_t cut = 0; cut <= length; ++cut) {
        Split all = SplitAll(std::string_view(text).substr(0, cut), LogEnd::kMayGrow);
        const Split rest = SplitAll(std::string_view(text).substr(all.position.offset),
                                    LogEnd::kFinal, all.position);
        all.texts.insert(all.texts.end(), rest.texts.begin(), rest.texts.end());
        ASSERT_EQ(all.texts, expected) << "text " << number << " of length " << length;
        ASSERT_EQ(rest.position.offset, length);
      }
    }
  }
}

}  // namespace
}  // namespace xp::capture
