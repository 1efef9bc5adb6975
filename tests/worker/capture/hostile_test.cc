// Random logs with hostile bytes: cut anywhere they give the same, prefiltered or not, and nothing
// crashes. The seed is printed; XP_TEST_SEED=N runs one again.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <random>
#include <string>
#include <vector>

#include "tests/worker/capture/cut_kit.h"
#include "worker/capture/flat_object.h"
#include "worker/capture/metrics_file.h"
#include "worker/capture/number.h"
#include "worker/capture/timestamp.h"

namespace xp::capture {
namespace {

uint64_t Seed() {
  const char* given = std::getenv("XP_TEST_SEED");
  const uint64_t seed =
      given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  std::cout << "XP_TEST_SEED=" << seed << std::endl;
  return seed;
}

// Pieces that meet the rules' literals, tear them apart and hide them.
const std::vector<std::string>& Pieces() {
  static const auto* const pieces = new std::vector<std::string>{"\n",
                                                                 "\n",
                                                                 "\r",
                                                                 "\r\n",
                                                                 "loss",
                                                                 "Loss",
                                                                 "LOSS",
                                                                 "'eval_loss': ",
                                                                 "eval_f1",
                                                                 "acc",
                                                                 "=",
                                                                 ": ",
                                                                 ", ",
                                                                 "0.5",
                                                                 "'0.25'",
                                                                 "nan",
                                                                 "-inf",
                                                                 "1e-5",
                                                                 "7",
                                                                 "{",
                                                                 "}",
                                                                 "'",
                                                                 "\"",
                                                                 "(",
                                                                 ")",
                                                                 "epoch",
                                                                 "step",
                                                                 "{'loss': 0.5, 'epoch': 1}",
                                                                 "{\"a\": 1, \"step\": 2}",
                                                                 "\x1b[A",
                                                                 "\x1b[1m",
                                                                 "\x1b",
                                                                 "\x1b]0;t\x07",
                                                                 "\x1b]",
                                                                 "\xff",
                                                                 "\xc3",
                                                                 "ä",
                                                                 "\xE2\x84\xAA",
                                                                 "\xC4\xB0",
                                                                 "\xEF\xBF\xBD",
                                                                 " ",
                                                                 "    ",
                                                                 "x",
                                                                 "|####|",
                                                                 "100%",
                                                                 "np.float64(",
                                                                 "tensor(0.5)",
                                                                 std::string(1, '\0'),
                                                                 "\\",
                                                                 "\t",
                                                                 "2026-11-23 09:06:00,250",
                                                                 "k",
                                                                 "K",
                                                                 "i"};
  return *pieces;
}

std::string RandomLog(std::mt19937_64* random, size_t pieces) {
  std::string log;
  for (size_t i = 0; i < pieces; ++i) log += Pieces()[(*random)() % Pieces().size()];
  return log;
}

// Regexes with and without literals, with and without case, also such as fold beyond ASCII.
std::vector<NamesAndRegexes> RuleSets() {
  return {
      {{"loss", "loss\\W+(?P<value>[^\\s,}]+)"}, {"f1", "'?eval_f1'?: (.*?)[,}]"}},
      {{"loss", "(?i)loss[=:] ?(\\S+)"}, {"any", "([0-9.]+)%?"}, {"acc", "acc=(.*?)(?:,|$)"}},
      {{"a", "^(?:\\d+ )?(\\S+)$"}, {"k", "(?i)k=(.)"}, {"i", "(?i)\\x{130}(.)"}, {"u", "ä(.)"}},
      {{"r", "\xEF\xBF\xBD(.)"}, {"s", "step(?P<step>\\d+)|loss(.*)"}, {"e", "(x*)"}},
      {{"one", "eval_loss.*?(\\d\\S*)(?P<epoch>.)?"}},
  };
}

CutOptions Small(std::mt19937_64* random) {
  CutOptions options;
  options.max_line_bytes = 8 + (*random)() % 60;
  options.max_bytes = options.max_line_bytes + 1 + (*random)() % 200;
  options.max_points = 1 + (*random)() % 20;
  return options;
}

TEST(HostileTest, AnyCutOfAnyLogGivesTheSame) {
  std::mt19937_64 random(Seed());
  const std::vector<std::string> presets = {"", "huggingface", "key-value", "json-lines"};
  for (int round = 0; round < 400; ++round) {
    const std::vector<NamesAndRegexes> sets = RuleSets();
    const auto rules = Rules(sets[random() % sets.size()], presets[random() % presets.size()]);
    const std::string log = RandomLog(&random, 1 + random() % 120);
    CutOptions options = Small(&random);
    CutOptions whole_options = options;
    whole_options.max_bytes = log.size() + 1;
    whole_options.max_points = 1'000'000;
    const Collected whole = CollectWhole(*rules, log, whole_options);
    ASSERT_EQ(whole.end.offset, log.size());
    const Collected cut =
        CollectGrowing(*rules, log, RandomSizes(&random, log.size(), random() % 10), options,
                       round % 2 == 0 ? Worker::kGoesOn : Worker::kRestartsEachTime);
    ASSERT_EQ(cut, whole) << "round " << round;
  }
}

TEST(HostileTest, PrefilterFindsWhatThePlainWayFinds) {
  std::mt19937_64 random(Seed());
  uint64_t points = 0;
  for (int round = 0; round < 1000; ++round) {
    const std::vector<NamesAndRegexes> sets = RuleSets();
    const auto rules = Rules(sets[random() % sets.size()], round % 3 == 0 ? "key-value" : "");
    const std::string log = RandomLog(&random, 1 + random() % 200);
    CutOptions plain;
    plain.matching = Matching::kEveryLine;
    const Collected expected = CollectWhole(*rules, log, plain);
    ASSERT_EQ(CollectWhole(*rules, log), expected) << "round " << round;
    points += expected.points.size();
  }
  EXPECT_GT(points, 1000u);  // else the logs prove nothing
}

TEST(HostileTest, RandomBytesAreReadByEveryParser) {
  std::mt19937_64 random(Seed());
  for (int round = 0; round < 20'000; ++round) {
    std::string text = RandomLog(&random, random() % 12);
    for (size_t i = random() % 4; i > 0 && !text.empty(); --i) {
      text[random() % text.size()] = static_cast<char>(random());
    }
    ParseNumber(text);
    ParseStep(text);
    ParseTimestamp(text, absl::UTCTimeZone());
    const FlatObject object = ReadFlatObject(text, 0);
    ASSERT_LE(object.end, text.size());
    SeriesNames names;
    CutOptions options;
    options.end = LogEnd::kFinal;
    const MetricsReport report = CutMetricsReport({}, text, ArrivalTimes(), &names, options);
    ASSERT_EQ(report.to.offset, text.size());
  }
}

TEST(HostileTest, NumbersSurviveTheirPrinting) {
  std::mt19937_64 random(Seed());
  for (int round = 0; round < 20'000; ++round) {
    const uint64_t bits = random();
    double value;
    static_assert(sizeof value == sizeof bits);
    std::memcpy(&value, &bits, sizeof value);
    if (value != value) continue;
    char text[64];
    std::snprintf(text, sizeof text, "'%.17g'", value);
    ASSERT_EQ(ParseNumber(text), value) << text;
  }
}

}  // namespace
}  // namespace xp::capture
