// Reports: each way that they can be cut, doubled, stale or out of order.
#include <limits>
#include <random>

#include "server/core/metric_summary.h"
#include "tests/server/store/store_kit.h"

namespace xp::store {
namespace {

using testing::HasSubstr;

// A log of `lines` lines "loss=V\n" of 12 bytes, a value of each kind among them.
std::vector<TestPoint> ManyPoints(int lines) {
  std::mt19937_64 random(7);
  std::vector<TestPoint> points;
  for (int i = 0; i < lines; ++i) {
    double value = std::normal_distribution<double>(2, 0.3)(random);
    if (i % 17 == 3) value = std::numeric_limits<double>::quiet_NaN();
    if (i % 23 == 5) value = -std::numeric_limits<double>::infinity();
    points.push_back({value, i, static_cast<uint64_t>(i) * 12});
  }
  return points;
}

// Sends all of it, cut after the lines that `cuts` names.
void ReportCut(StoreKit& kit, const v1::AttemptId& attempt, const std::vector<TestPoint>& points,
               const std::vector<size_t>& cuts) {
  size_t from = 0;
  for (const size_t to : cuts) {
    const std::string bytes((to - from) * 12, 'x');
    const auto answer =
        kit.ReportLog(attempt, from * 12, bytes,
                      {MakeSeries("loss", {points.begin() + static_cast<ptrdiff_t>(from),
                                           points.begin() + static_cast<ptrdiff_t>(to)})});
    ASSERT_OK(answer);
    ASSERT_TRUE(answer->taken);
    from = to;
  }
}

v1::Points AllPoints(StoreKit& kit, const std::string& name) {
  v1::ListPointsRequest request;
  request.set_name(name);
  request.set_metric("loss");
  request.set_page_size(7);  // many pages
  v1::Points all;
  for (;;) {
    const auto page = kit.store().metrics().ListPoints(request);
    EXPECT_OK(page);
    if (!page.ok()) return all;
    EXPECT_EQ(page->attempt(), 1);
    all.MergeFrom(page->points());
    if (page->next_page_token().empty()) return all;
    request.set_page_token(page->next_page_token());
  }
}

class ReportContract : public StoreContract {};

TEST_P(ReportContract, AnyCuttingGivesBitEqualSummariesAndTheSamePoints) {
  constexpr size_t kLines = 60;
  const auto points = ManyPoints(kLines);
  const std::string whole_uid = kit.Submit("e", {"whole"})[0];
  ReportCut(kit, kit.Run(whole_uid), points, {kLines});
  const auto expected = SummaryOf(kit.Row("e", "whole"), "loss");
  const std::string expected_points = AllPoints(kit, "e/whole").SerializeAsString();

  std::mt19937_64 random(11);
  for (int round = 0; round < 20; ++round) {
    std::vector<size_t> cuts;
    for (size_t i = 1; i < kLines; ++i) {
      if (random() % (1 + static_cast<size_t>(round)) == 0) cuts.push_back(i);
    }
    cuts.push_back(kLines);
    const std::string name = "t" + std::to_string(round);
    ReportCut(kit, kit.Run(kit.Submit("e", {name})[0]), points, cuts);
    EXPECT_TRUE(core::BitEqual(SummaryOf(kit.Row("e", name), "loss"), expected)) << round;
    EXPECT_EQ(AllPoints(kit, "e/" + name).SerializeAsString(), expected_points) << round;
    ASSERT_OK(kit.store().RunMaintenance());
    EXPECT_EQ(AllPoints(kit, "e/" + name).SerializeAsString(), expected_points) << round;
  }
}

TEST_P(ReportContract, RepeatedOverlappingAndEarlyReportsChangeNothing) {
  const v1::AttemptId attempt = kit.Run(kit.Submit("e", {"a"})[0]);
  const std::vector<v1::SeriesPoints> series = {MakeSeries("loss", {{1, 1}})};
  ASSERT_OK(kit.ReportLog(attempt, 0, "0123456789", series));
  const auto before = SummaryOf(kit.Row("e", "a"), "loss");
  for (const uint64_t from : {0, 5, 11, 1000}) {
    const auto answer = kit.ReportLog(attempt, from, "0123456789", series);
    ASSERT_OK(answer);
    EXPECT_FALSE(answer->taken);
    EXPECT_EQ(answer->held.offset(), 10u);
  }
  EXPECT_TRUE(core::BitEqual(SummaryOf(kit.Row("e", "a"), "loss"), before));
}

TEST_P(ReportContract, OlderAttemptIsFencedAndDeletedTrialIsNotFound) {
  const std::string uid = kit.Submit("e", {"a"})[0];
  const v1::AttemptId first = kit.Run(uid);
  ASSERT_OK(kit.Exit(first, 75, 0));
  ASSERT_OK(kit.Finish(first));
  kit.Run(uid);
  EXPECT_CODE(kit.ReportLog(first, 0, "late\n"), kFailedPrecondition);
  EXPECT_CODE(
      kit.Do([](WriteContext& c) { return c.trials().Delete("e/a", DeletePolicy::kOnlyEnded); }),
      kFailedPrecondition);
  ASSERT_OK(
      kit.Do([](WriteContext& c) { return c.trials().Delete("e/a", DeletePolicy::kAlsoRunning); }));
  EXPECT_CODE(kit.ReportLog(Attempt(uid, 2), 0, "late\n"), kNotFound);
}

TEST_P(ReportContract, MalformedReportsNameTheField) {
  const v1::AttemptId attempt = kit.Run(kit.Submit("e", {"a"})[0]);
  v1::SeriesPoints uneven = MakeSeries("loss", {{1, 1}});
  uneven.mutable_points()->add_values(2);
  const auto answer = kit.ReportLog(attempt, 0, "x\n", {uneven});
  EXPECT_CODE(answer, kInvalidArgument);
  EXPECT_THAT(std::string(answer.status().message()), HasSubstr("series[0].points.steps"));
  EXPECT_CODE(kit.ReportLog(attempt, 0, "", {MakeSeries("loss", {{1, 1}})}), kInvalidArgument);
  v1::Report damaged;
  *damaged.mutable_attempt() = attempt;
  damaged.set_source(v1::SOURCE_KIND_LOG);
  damaged.set_to(5);
  damaged.set_zstd(true);
  damaged.set_data("no zstd");
  EXPECT_CODE(kit.Report(damaged), kInvalidArgument);
}

TEST_P(ReportContract, UnprintedStepsAreNumberedThroughAllReports) {
  const v1::AttemptId attempt = kit.Run(kit.Submit("e", {"a"})[0]);
  const int64_t none = std::numeric_limits<int64_t>::min();
  for (int i = 0; i < 3; ++i) {
    ASSERT_OK(kit.ReportLog(attempt, static_cast<uint64_t>(i), "x",
                            {MakeSeries("loss", {{1.0 * i, none}})}));
  }
  const v1::Points points = AllPoints(kit, "e/a");
  EXPECT_THAT(points.steps(), testing::ElementsAre(1, 2, 3));
}

TEST_P(ReportContract, MetricsFileThatShrankIsItsNextGeneration) {
  const v1::AttemptId attempt = kit.Run(kit.Submit("e", {"a"})[0]);
  v1::Report report;
  *report.mutable_attempt() = attempt;
  report.set_source(v1::SOURCE_KIND_METRICS_FILE);
  report.set_to(3);
  report.set_data("{}\n");
  report.add_time_offsets(0);
  report.add_times_ms(1);
  ASSERT_OK(kit.Report(report));
  report.set_generation(1);
  const auto answer = kit.Report(report);
  ASSERT_OK(answer);
  EXPECT_TRUE(answer->taken);
  EXPECT_EQ(answer->held.generation(), 1);
  report.set_generation(0);
  EXPECT_FALSE(kit.Report(report)->taken);
  v1::GetReceiptRequest request;
  request.set_name("e/a");
  EXPECT_EQ(kit.store().metrics().GetReceipt(request)->sources(0).generation(), 1);
}

TEST_P(ReportContract, SeriesBeyondTheLimitAreCountedAndNamed) {
  const v1::AttemptId attempt = kit.Run(kit.Submit("e", {"a"})[0]);
  std::vector<v1::SeriesPoints> series;
  for (int i = 0; i < 1003; ++i) series.push_back(MakeSeries("m" + std::to_string(i), {{1, 1}}));
  ASSERT_OK(kit.ReportLog(attempt, 0, "x\n", series));
  EXPECT_EQ(kit.Row("e", "a").trial.metrics.size(), 1000u);
  v1::GetReceiptRequest request;
  request.set_name("e/a");
  const auto receipt = kit.store().metrics().GetReceipt(request);
  ASSERT_OK(receipt);
  EXPECT_EQ(receipt->definitions(0).dropped_beyond_limit(), 3u);
  EXPECT_THAT(receipt->definitions(0).dropped_series(),
              testing::ElementsAre("m1000", "m1001", "m1002"));
}

TEST_P(ReportContract, WritersHaveSequencesOfTheirOwn) {
  kit.Run(kit.Submit("e", {"a"})[0]);
  v1::WritePointsRequest request;
  request.set_name("e/a");
  request.set_writer_id("rank0");
  *request.add_series() = MakeSeries("loss", {{5, 1}, {7, 2}});
  const auto write = [&] {
    return kit.Do<v1::WritePointsResponse>(
        [&](WriteContext& c) { return c.reports().WritePoints(request); });
  };
  EXPECT_EQ(write()->held_sequence(), 2u);
  EXPECT_EQ(write()->held_sequence(), 2u);  // sent again: nothing changes
  EXPECT_EQ(SummaryOf(kit.Row("e", "a"), "loss").count, 2u);
  EXPECT_EQ(kit.Row("e", "a").series[0].source, v1::SOURCE_KIND_WRITER);
}

TEST_P(ReportContract, BelowTheReserveReportsWaitAndStatesGoThrough) {
  const v1::AttemptId attempt = kit.Run(kit.Submit("e", {"a"})[0]);
  kit.disk.free_bytes = 1 << 20;
  EXPECT_CODE(kit.ReportLog(attempt, 0, "x\n"), kResourceExhausted);
  EXPECT_CODE(kit.Upload("bytes"), kResourceExhausted);
  ASSERT_OK(kit.Exit(attempt, 0, 2));
  ASSERT_OK(kit.Finish(attempt));
  kit.disk.free_bytes = 100ull << 30;
  ASSERT_OK(kit.ReportLog(attempt, 0, "x\n"));
  EXPECT_EQ(kit.Get("e/a").state(), v1::COMPLETED);
}

TEST_P(ReportContract, LogBeyondItsLimitKeepsTheLastPartAndSaysWhatIsMissing) {
  kit.options.log_limit_bytes = 100;
  kit.options.log_tail_kept_bytes = 50;
  kit.Reopen();
  const v1::AttemptId attempt = kit.Run(kit.Submit("e", {"a"})[0]);
  for (uint64_t i = 0; i < 40; ++i) ASSERT_OK(kit.ReportLog(attempt, i * 10, "123456789\n"));
  v1::ReadLogRequest read;
  read.set_name("e/a");
  EXPECT_EQ(kit.store().logs().Read(read)->next_offset(), 100u);
  read.set_offset(100);
  const auto after = kit.store().logs().Read(read);
  EXPECT_EQ(after->offset(), 350u);
  EXPECT_EQ(after->next_offset(), 400u);
  v1::GetReceiptRequest request;
  request.set_name("e/a");
  EXPECT_EQ(kit.store().metrics().GetReceipt(request)->sources(0).bytes_not_kept(), 250u);
  read.set_offset(401);
  EXPECT_CODE(kit.store().logs().Read(read), kOutOfRange);
}

TEST_P(ReportContract, LastLinesAndMergedLogsReadTheSame) {
  const v1::AttemptId attempt = kit.Run(kit.Submit("e", {"a"})[0]);
  std::string whole;
  for (int i = 0; i < 200; ++i) {
    const std::string line = "line " + std::to_string(i) + "\n";
    ASSERT_OK(kit.ReportLog(attempt, whole.size(), line));
    whole += line;
  }
  v1::ReadLogRequest read;
  read.set_name("e/a");
  for (int round = 0; round < 2; ++round) {
    read.set_tail_lines(0);
    EXPECT_EQ(kit.store().logs().Read(read)->data(), whole);
    read.set_tail_lines(2);
    EXPECT_EQ(kit.store().logs().Read(read)->data(), "line 198\nline 199\n");
    const auto piece = kit.store().logs().ReadPiece(attempt.trial_uid(), 1, v1::SOURCE_KIND_LOG, 7);
    ASSERT_OK(piece);
    EXPECT_EQ(piece->bytes, whole.substr(7));
    EXPECT_EQ(piece->times[0].first, 7u);
    ASSERT_OK(kit.store().RunMaintenance());
  }
}

INSTANTIATE_TEST_SUITE_P(Memory, ReportContract, testing::Values(StoreOptions::Place::kMemory));
INSTANTIATE_TEST_SUITE_P(Disk, ReportContract, testing::Values(StoreOptions::Place::kDisk));

}  // namespace
}  // namespace xp::store
