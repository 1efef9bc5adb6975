// Metrics read back: resumed attempts, histories, backfill.
#include "tests/server/store/store_kit.h"

namespace xp::store {
namespace {

using testing::ElementsAre;

class MetricContract : public StoreContract {
 protected:
  void End(const v1::AttemptId& attempt, int code, uint64_t log_end) {
    ASSERT_OK(kit.Exit(attempt, code, log_end));
    ASSERT_OK(kit.Finish(attempt));
  }
  v1::GetHistoryResponse History(const std::string& name, int max_points) {
    v1::GetHistoryRequest request;
    request.set_name(name);
    request.set_max_points(max_points);
    const auto answer = kit.store().metrics().GetHistory(request);
    EXPECT_OK(answer);
    return answer.ok() ? *answer : v1::GetHistoryResponse();
  }
};

TEST_P(MetricContract, PredecessorIsShownUntilTheFirstPoint) {
  const std::string uid = kit.Submit("e", {"a"})[0];
  const v1::AttemptId first = kit.Run(uid);
  ASSERT_OK(kit.ReportLog(first, 0, "x", {MakeSeries("loss", {{4, 1}})}));
  End(first, 75, 1);
  const v1::AttemptId second = kit.Run(uid);
  CompareTrialRow row = kit.Row("e", "a");
  EXPECT_EQ(row.attempt, 1);
  EXPECT_TRUE(row.from_predecessor);
  ASSERT_OK(kit.ReportLog(second, 0, "x", {MakeSeries("loss", {{9, 1}})}));
  row = kit.Row("e", "a");
  EXPECT_EQ(row.attempt, 2);
  EXPECT_FALSE(row.from_predecessor);
  EXPECT_EQ(SummaryOf(row, "loss").count, 1u);  // not resumed: it alone counts
}

TEST_P(MetricContract, ResumedAttemptContinuesItsPredecessorBeforeItsFirstStep) {
  const std::string uid = kit.Submit("e", {"a"})[0];
  const v1::AttemptId first = kit.Run(uid);
  ASSERT_OK(
      kit.ReportLog(first, 0, "x", {MakeSeries("loss", {{10, 1}, {20, 2}, {30, 3}, {99, 4}})}));
  End(first, 75, 1);
  const v1::AttemptId second = kit.Run(uid);
  v1::Started resumed;
  *resumed.mutable_attempt() = second;
  resumed.set_resumed(true);
  ASSERT_OK(kit.Do([&](WriteContext& c) { return c.attempts().Started(resumed); }));
  ASSERT_OK(kit.ReportLog(second, 0, "x", {MakeSeries("loss", {{40, 4}, {50, 5}})}));
  const core::MetricSummary loss = SummaryOf(kit.Row("e", "a"), "loss");
  EXPECT_EQ(loss.count, 5u);
  EXPECT_DOUBLE_EQ(loss.mean, 30);
  EXPECT_DOUBLE_EQ(loss.first.value, 10);
  EXPECT_DOUBLE_EQ(loss.last.value, 50);
  EXPECT_THAT(History("e/a", 100).series(0).points().values(), ElementsAre(10, 20, 30, 40, 50));
  const auto all = kit.store().metrics().Compare({"e"}, v1::ATTEMPT_VIEW_ALL);
  ASSERT_OK(all);
  ASSERT_EQ(all->rows.size(), 2u);
  EXPECT_EQ(SummaryOf(all->rows[0], "loss").count, 4u);
  EXPECT_EQ(SummaryOf(all->rows[1], "loss").count, 2u);
}

TEST_P(MetricContract, HistoryKeepsSpikesAndMergingChangesNothing) {
  const v1::AttemptId attempt = kit.Run(kit.Submit("e", {"a"})[0]);
  for (int i = 0; i < 300; ++i) {
    const double value = i == 123 ? 1000 : i % 3;
    ASSERT_OK(
        kit.ReportLog(attempt, static_cast<uint64_t>(i), "x", {MakeSeries("loss", {{value, i}})}));
  }
  const v1::GetHistoryResponse before = History("e/a", 20);
  EXPECT_LE(before.series(0).points().values_size(), 20);
  EXPECT_THAT(before.series(0).points().values(), testing::Contains(1000));
  EXPECT_EQ(History("e/a", 1000).series(0).points().values_size(), 300);
  ASSERT_OK(kit.store().RunMaintenance());
  EXPECT_EQ(History("e/a", 1000).series(0).points().values_size(), 300);
  EXPECT_THAT(History("e/a", 20).series(0).points().values(), testing::Contains(1000));
}

TEST_P(MetricContract, CompareSaysWhyATrialHasNoNumbers) {
  const v1::AttemptId attempt = kit.Run(kit.Submit("e", {"a"})[0]);
  v1::Report report;
  *report.mutable_attempt() = attempt;
  report.set_source(v1::SOURCE_KIND_LOG);
  report.set_to(5);
  report.set_data("lost\n");
  report.add_time_offsets(0);
  report.add_times_ms(1);
  report.set_lines(1);
  report.add_definitions()->set_name("loss");
  report.mutable_definitions(0)->set_nearest_line("lost");
  ASSERT_OK(kit.Report(report));
  EXPECT_THAT(kit.Row("e", "a").trial.no_numbers, testing::HasSubstr("nearest to 'loss': lost"));
}

TEST_P(MetricContract, BackfillIsBuiltAsideSwappedAtOnceAndRunTwiceChangesNothing) {
  const v1::AttemptId attempt = kit.Run(kit.Submit("e", {"a"})[0]);
  ASSERT_OK(kit.ReportLog(attempt, 0, "acc=1\n", {MakeSeries("loss", {{1, 1}})}));
  v1::BackfillMetricsRequest request;
  request.set_experiment("e");
  request.add_definitions()->set_name("loss");
  request.mutable_definitions(0)->set_regex("acc=(\\S+)");
  using Plans = std::vector<BackfillPlan>;
  const auto plan = [&] {
    return *kit.Do<Plans>([&](WriteContext& c) { return c.backfills().Plan(request); });
  };
  EXPECT_EQ(plan()[0].readiness, BackfillPlan::Readiness::kWaitsForEnd);
  EXPECT_TRUE(kit.store().backfills().ListPending()->empty());
  End(attempt, 0, 6);
  ASSERT_EQ(kit.store().backfills().ListPending()->size(), 1u);
  const BackfillPlan ready = plan()[0];
  EXPECT_EQ(ready.readiness, BackfillPlan::Readiness::kReady);
  EXPECT_EQ(ready.definitions[0].revision(), 2);

  const auto build = kit.Do<int64_t>([&](WriteContext& c) { return c.backfills().Begin(ready); });
  ASSERT_OK(build);
  core::MetricPoint point;
  point.value = 7;
  ASSERT_OK(kit.Do([&](WriteContext& c) {
    return c.backfills().Append(*build, "loss", 2, {point, point});
  }));
  EXPECT_EQ(SummaryOf(kit.Row("e", "a"), "loss").count, 1u);  // aside: not seen
  v1::DefinitionReceipt receipt;
  receipt.set_name("loss");
  receipt.set_revision(2);
  ASSERT_OK(kit.Do([&](WriteContext& c) { return c.backfills().Finish(*build, {receipt}); }));
  EXPECT_EQ(SummaryOf(kit.Row("e", "a"), "loss").count, 2u);
  EXPECT_EQ(kit.Row("e", "a").trial.metrics.size(), 1u);
  EXPECT_EQ(plan()[0].readiness, BackfillPlan::Readiness::kUnchanged);
  EXPECT_TRUE(kit.store().backfills().ListPending()->empty());
}

TEST_P(MetricContract, AbandonedBuildLeavesNothing) {
  const v1::AttemptId attempt = kit.Run(kit.Submit("e", {"a"})[0]);
  ASSERT_OK(kit.ReportLog(attempt, 0, "acc=1\n"));
  End(attempt, 0, 6);
  v1::BackfillMetricsRequest request;
  request.set_experiment("e");
  request.add_definitions()->set_name("acc");
  request.mutable_definitions(0)->set_regex("acc=(\\S+)");
  const auto plans = kit.Do<std::vector<BackfillPlan>>(
      [&](WriteContext& c) { return c.backfills().Plan(request); });
  const auto build =
      kit.Do<int64_t>([&](WriteContext& c) { return c.backfills().Begin((*plans)[0]); });
  ASSERT_OK(kit.Do([&](WriteContext& c) { return c.backfills().Append(*build, "acc", 1, {{}}); }));
  ASSERT_OK(kit.Do([&](WriteContext& c) { return c.backfills().Abandon(*build); }));
  EXPECT_CODE(kit.Do([&](WriteContext& c) { return c.backfills().Finish(*build, {}); }), kNotFound);
  EXPECT_TRUE(kit.Row("e", "a").trial.metrics.empty());
}

INSTANTIATE_TEST_SUITE_P(Memory, MetricContract, testing::Values(StoreOptions::Place::kMemory));
INSTANTIATE_TEST_SUITE_P(Disk, MetricContract, testing::Values(StoreOptions::Place::kDisk));

}  // namespace
}  // namespace xp::store
