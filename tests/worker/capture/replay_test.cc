// The model case replayed: the per-epoch values of both published runs, printed as Trainer lines
// among progress bars, give the published frame for every way of cutting the bytes.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "server/core/metric_summary.h"
#include "tests/worker/capture/cut_kit.h"
#include "tests/worker/capture/trainer_log.h"

namespace xp::capture {
namespace {

constexpr const char* kMetrics[] = {"loss", "accuracy", "f1", "precision", "recall"};

std::shared_ptr<const MetricRules> ArticlesRules() {
  NamesAndRegexes definitions;
  for (const std::string metric : kMetrics) {
    definitions.push_back({"test:" + metric, "'eval_" + metric + "': (.*?),"});
  }
  return Rules(definitions);
}

using Summaries = std::map<std::string, core::MetricSummary>;

Summaries Summarise(const Collected& collected) {
  Summaries summaries;
  for (const NamedPoint& point : collected.points) {
    core::MetricSummary& summary = summaries[point.series];
    core::MetricPoint stored;
    stored.value = point.value;
    stored.step = point.step.value_or(static_cast<int64_t>(summary.points()) + 1);
    stored.step_printed = point.step.has_value();
    stored.epoch = point.epoch.value_or(core::kNoEpoch);
    stored.time_ms = point.time_ms;
    stored.log_offset = point.offset;
    summary.Add(stored);
  }
  return summaries;
}

bool BitEqual(const Summaries& a, const Summaries& b) {
  if (a.size() != b.size()) return false;
  for (const auto& [name, summary] : a) {
    const auto other = b.find(name);
    if (other == b.end() || !core::BitEqual(summary, other->second)) return false;
  }
  return true;
}

double Statistic(const core::MetricSummary& summary, const std::string& name) {
  if (name == "Min") return summary.min.value;
  if (name == "Max") return summary.max.value;
  if (name == "Avg") return summary.mean;
  if (name == "StdDev") return summary.StdDev();
  if (name == "Last") return summary.last.value;
  EXPECT_EQ(name, "Count");
  return static_cast<double>(summary.count);
}

// The published values have six digits behind the point, and so have the inputs.
void ExpectPublishedFrame(const PublishedModel& model, const Summaries& summaries) {
  ASSERT_EQ(summaries.size(), 5u);
  for (const auto& [metric, statistics] : model.published) {
    const core::MetricSummary& summary = summaries.at("test:" + metric);
    for (const auto& [statistic, value] : statistics) {
      EXPECT_NEAR(Statistic(summary, statistic), value, 1e-6)
          << model.run << " " << model.model << " " << metric << " " << statistic;
    }
  }
}

class ReplayTest : public ::testing::TestWithParam<LogStyle> {
 protected:
  const std::vector<PublishedModel> models_ = LoadPublishedRuns();
  const std::shared_ptr<const MetricRules> rules_ = ArticlesRules();
};

TEST_P(ReplayTest, WholeLogsGiveThePublishedFrame) {
  ASSERT_EQ(models_.size(), 4u);  // two runs, two models
  for (const PublishedModel& model : models_) {
    const Collected all = CollectWhole(*rules_, TrainerLog(model.evaluations, GetParam(), 20));
    ExpectPublishedFrame(model, Summarise(all));
    for (const RuleCounters& counters : all.counters) {
      EXPECT_EQ(counters.matches, 2u);
      EXPECT_EQ(counters.numbers, 2u);
    }
  }
}

TEST_P(ReplayTest, EverySingleCutGivesTheFrameBitForBit) {
  for (const PublishedModel& model : models_) {
    const std::string log = TrainerLog(model.evaluations, GetParam(), 4);
    const Collected whole = CollectWhole(*rules_, log);
    const Summaries expected = Summarise(whole);
    ExpectPublishedFrame(model, expected);
    for (size_t cut = 1; cut < log.size(); ++cut) {
      const Collected all = CollectGrowing(*rules_, log, {cut});
      ASSERT_EQ(all, whole) << "cut at " << cut;
      ASSERT_TRUE(BitEqual(Summarise(all), expected)) << "cut at " << cut;
    }
  }
}

TEST_P(ReplayTest, OneByteAtATimeGivesTheSame) {
  for (const PublishedModel& model : models_) {
    const std::string log = TrainerLog(model.evaluations, GetParam(), 6);
    const Collected whole = CollectWhole(*rules_, log);
    std::vector<size_t> sizes;
    for (size_t size = 1; size < log.size(); ++size) sizes.push_back(size);
    ASSERT_EQ(CollectGrowing(*rules_, log, sizes), whole);
    ASSERT_EQ(CollectGrowing(*rules_, log, sizes, {}, Worker::kRestartsEachTime), whole);
  }
}

TEST_P(ReplayTest, AThousandRandomCuttingsIntoReadsAndReportsGiveTheSame) {
  const char* given = std::getenv("XP_TEST_SEED");
  const uint64_t seed =
      given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  std::cout << "XP_TEST_SEED=" << seed << std::endl;
  std::mt19937_64 random(seed);
  for (int round = 0; round < 1000; ++round) {
    const PublishedModel& model = models_[static_cast<size_t>(round) % models_.size()];
    const std::string log = TrainerLog(model.evaluations, GetParam(), 8);
    const Collected whole = CollectWhole(*rules_, log);
    CutOptions options;
    options.max_bytes = 400 + random() % 2000;  // the longest line has some 250 bytes
    options.max_points = 1 + random() % 12;
    const Worker worker = random() % 2 == 0 ? Worker::kGoesOn : Worker::kRestartsEachTime;
    const Collected all = CollectGrowing(
        *rules_, log, RandomSizes(&random, log.size(), random() % 40), options, worker);
    ASSERT_EQ(all, whole) << "round " << round;
    ASSERT_TRUE(BitEqual(Summarise(all), Summarise(whole))) << "round " << round;
  }
}

TEST_P(ReplayTest, HuggingFacePresetFindsTheSameValuesWithTheirEpochs) {
  for (const PublishedModel& model : models_) {
    const Collected all =
        CollectWhole(*Rules({}, "huggingface"), TrainerLog(model.evaluations, GetParam(), 5));
    Summaries summaries;
    for (const auto& [name, summary] : Summarise(all)) {
      if (name.rfind("eval_", 0) == 0) summaries["test:" + name.substr(5)] = summary;
    }
    summaries.erase("test:runtime");
    summaries.erase("test:samples_per_second");
    ExpectPublishedFrame(model, summaries);
    EXPECT_EQ(summaries.at("test:f1").last.epoch, 2.0);
  }
}

TEST(ReplayPairsTest, EveryPairOfCutsOfAShortLogGivesTheSame) {
  const Evaluation values = LoadPublishedRuns().at(0).evaluations.at(0);
  const auto rules = ArticlesRules();
  const std::string log = "\r 50%|##  | 1/2\r      \r\x1b[A{'eval_loss': " + values.at("loss") +
                          ", 'eval_f1': '" + values.at("f1") +
                          "', 'eval_recall': " + values.at("recall") +
                          ", 'epoch': 1.0}\r\n\r100%|####| 2/2\n";
  const Collected whole = CollectWhole(*rules, log);
  ASSERT_EQ(whole.points.size(), 3u);
  for (size_t first = 1; first < log.size(); ++first) {
    for (size_t second = first; second < log.size(); ++second) {
      ASSERT_EQ(CollectGrowing(*rules, log, {first, second}), whole) << first << ", " << second;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Styles, ReplayTest,
                         ::testing::Values(LogStyle::kFloats, LogStyle::kQuotedFloats),
                         [](const ::testing::TestParamInfo<LogStyle>& style) {
                           return style.param == LogStyle::kFloats ? "Floats" : "QuotedFloats";
                         });

}  // namespace
}  // namespace xp::capture
