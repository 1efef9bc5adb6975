#include "tests/server/store/database_story.h"

namespace xp::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kLog[] = "epoch 1\nloss=0.5\nacc=0.75\nloss=0.25\n";

void ReportWholeLog(StoreKit& kit, const v1::AttemptId& attempt) {
  const std::string log = kLog;
  v1::Report report;
  *report.mutable_attempt() = attempt;
  report.set_source(v1::SOURCE_KIND_LOG);
  report.set_to(log.size());
  report.set_data(log);
  report.add_time_offsets(0);
  report.add_times_ms(1'700'000'000'000);
  report.set_lines(4);
  *report.add_series() = MakeSeries("loss", {{0.5, 1, 8}, {0.25, 2, 26}});
  v1::DefinitionReceipt* loss = report.add_definitions();
  loss->set_name("loss");
  loss->set_matches(2);
  loss->set_numbers(2);
  loss->set_last_sample("0.25");
  EXPECT_OK(kit.Report(report));
}

void AddFiles(StoreKit& kit) {
  EXPECT_OK(kit.Upload("weights"));
  v1::FileManifest manifest;
  manifest.add_files()->set_path("train.txt");
  manifest.mutable_files(0)->set_sha256(Sha256("weights"));
  manifest.mutable_files(0)->set_size(7);
  EXPECT_OK(kit.Upload(manifest.SerializeAsString()));
  v1::CreateDatasetVersionRequest dataset;
  dataset.mutable_dataset_version()->set_dataset("IMDB");
  dataset.mutable_dataset_version()->set_manifest_sha256(Sha256(manifest.SerializeAsString()));
  EXPECT_OK(kit.Do<v1::DatasetVersion>(
      [&](WriteContext& c) { return c.files().CreateDatasetVersion(dataset); }));
  v1::CreateArtifactsRequest artifacts;
  artifacts.set_name("reviews/finished");
  artifacts.add_artifacts()->set_path("model/weights.bin");
  artifacts.mutable_artifacts(0)->set_sha256(Sha256("weights"));
  EXPECT_OK(kit.Do([&](WriteContext& c) { return c.files().CreateArtifacts(artifacts); }));
}

v1::BackfillMetricsRequest AccuracyAdded() {
  v1::BackfillMetricsRequest request;
  request.set_experiment("reviews");
  request.add_trials("finished");
  request.add_definitions()->set_name("acc");
  request.mutable_definitions(0)->set_regex("acc=(\\S+)");
  return request;
}

void Backfill(StoreKit& kit) {
  const auto plans = kit.Do<std::vector<BackfillPlan>>(
      [&](WriteContext& c) { return c.backfills().Plan(AccuracyAdded()); });
  ASSERT_OK(plans);
  const auto build =
      kit.Do<int64_t>([&](WriteContext& c) { return c.backfills().Begin((*plans)[0]); });
  ASSERT_OK(build);
  core::MetricPoint point;
  point.value = 0.75;
  point.log_offset = 17;
  v1::DefinitionReceipt receipt;
  receipt.set_name("acc");
  receipt.set_revision(1);
  EXPECT_OK(kit.Do([&](WriteContext& c) -> absl::Status {
    if (auto added = c.backfills().Append(*build, "acc", 1, {point}); !added.ok()) return added;
    return c.backfills().Finish(*build, {receipt});
  }));
}

// Preempted after four steps; its second attempt continues from step 3 and writes to all sources.
void RunTwice(StoreKit& kit, const std::string& uid) {
  const v1::AttemptId first = kit.Run(uid, "w1");
  EXPECT_OK(kit.ReportLog(first, 0, "first\n",
                          {MakeSeries("loss", {{9, 1}, {8, 2}, {100, 3}, {100, 4}})}));
  EXPECT_OK(kit.Exit(first, 75, 6));
  EXPECT_OK(kit.Finish(first));
  const v1::AttemptId second = kit.Run(uid, "w2");
  v1::Report report;
  *report.mutable_attempt() = second;
  report.set_source(v1::SOURCE_KIND_LOG);
  report.set_to(7);
  report.set_data("second\n");
  report.add_time_offsets(0);
  report.add_times_ms(1'700'000'000'000);
  report.set_resumed_from_step(3);
  *report.add_series() = MakeSeries("loss", {{7, 3}, {6, 4}});
  EXPECT_OK(kit.Report(report));
  report.clear_series();
  report.clear_resumed_from_step();
  report.set_source(v1::SOURCE_KIND_METRICS_FILE);
  *report.add_series() = MakeSeries("f1", {{0.5, 3}});
  EXPECT_OK(kit.Report(report));
  v1::WritePointsRequest points;
  points.set_name("reviews/resumed");
  points.set_writer_id("program");
  *points.add_series() = MakeSeries("speed", {{1000, 1}, {2000, 2}});
  EXPECT_OK(kit.Do<v1::WritePointsResponse>(
      [&](WriteContext& c) { return c.reports().WritePoints(points); }));
}

void ExpectTrials(StoreKit& kit) {
  EXPECT_EQ(kit.Get("reviews/finished").state(), v1::COMPLETED);
  EXPECT_EQ(kit.Get("reviews/finished").spec().metric_definitions(0).name(), "loss");
  EXPECT_EQ(kit.Get("reviews/resumed").state(), v1::RUNNING);
  EXPECT_EQ(kit.Get("reviews/resumed").attempt(), 2);
  EXPECT_EQ(kit.Get("reviews/queued").state(), v1::QUEUED);
  EXPECT_CODE(kit.store().trials().Get("reviews/gone"), kNotFound);
  v1::ListTrialsRequest list;
  list.set_filter("state = QUEUED");
  EXPECT_EQ(kit.store().trials().List(list)->trials_size(), 1);
  v1::ListAttemptsRequest attempts;
  attempts.set_name("reviews/resumed");
  EXPECT_EQ(kit.store().trials().ListAttempts(attempts)->attempts_size(), 2);
  EXPECT_FALSE(kit.store().trials().ListEvents("reviews/resumed")->empty());
  EXPECT_EQ(kit.store().experiments().Get("reviews")->rank_by(), "loss");
}

void ExpectNumbers(StoreKit& kit) {
  const CompareTrialRow finished = kit.Row("reviews", "finished");
  EXPECT_EQ(SummaryOf(finished, "loss").mean, 0.375);
  EXPECT_EQ(SummaryOf(finished, "acc").mean, 0.75);
  const CompareTrialRow resumed = kit.Row("reviews", "resumed");
  EXPECT_EQ(SummaryOf(resumed, "loss").count, 4u);
  EXPECT_EQ(SummaryOf(resumed, "loss").mean, 7.5);  // 9, 8 | 7, 6
  EXPECT_EQ(SummaryOf(resumed, "f1").count, 1u);
  EXPECT_EQ(SummaryOf(resumed, "speed").max.value, 2000);
  v1::GetHistoryRequest history;
  history.set_name("reviews/resumed");
  history.add_metrics("loss");
  EXPECT_THAT(kit.store().metrics().GetHistory(history)->series(0).points().values(),
              ElementsAre(9, 8, 7, 6));
  v1::GetReceiptRequest receipt;
  receipt.set_name("reviews/finished");
  const auto found = kit.store().metrics().GetReceipt(receipt);
  ASSERT_OK(found);
  EXPECT_EQ(found->sources(0).lines(), 4u);
  EXPECT_EQ(found->definitions(0).last_sample(), "0.25");
  const auto plans = kit.Do<std::vector<BackfillPlan>>(
      [&](WriteContext& c) { return c.backfills().Plan(AccuracyAdded()); });
  EXPECT_EQ((*plans)[0].readiness, BackfillPlan::Readiness::kUnchanged);
}

void ExpectFilesAndWorkers(StoreKit& kit) {
  v1::ReadLogRequest read;
  read.set_name("reviews/finished");
  EXPECT_EQ(kit.store().logs().Read(read)->data(), kLog);
  v1::ListArtifactsRequest artifacts;
  artifacts.set_name("reviews/finished");
  EXPECT_EQ(kit.store().files().ListArtifacts(artifacts)->artifacts(0).path(), "model/weights.bin");
  EXPECT_EQ(kit.store().files().GetDatasetVersion("imdb@1")->file_count(), 1);
  EXPECT_THAT(kit.store().workers().Get("w2")->drain_reason(), HasSubstr("maintenance"));
}

}  // namespace

void TellStory(StoreKit& kit) {
  const auto uids = kit.Submit("reviews", {"finished", "resumed", "queued", "gone"});
  v1::UpdateExperimentRequest update;
  update.mutable_experiment()->set_name("reviews");
  update.mutable_experiment()->set_rank_by("loss");
  update.mutable_update_mask()->add_paths("rank_by");
  EXPECT_OK(
      kit.Do<v1::Experiment>([&](WriteContext& c) { return c.experiments().Update(update); }));
  const v1::AttemptId attempt = kit.Run(uids[0]);
  ReportWholeLog(kit, attempt);
  AddFiles(kit);
  EXPECT_OK(kit.Exit(attempt, 0, sizeof kLog - 1));
  EXPECT_OK(kit.Finish(attempt));
  Backfill(kit);
  RunTwice(kit, uids[1]);
  v1::Hello hello;
  hello.set_worker("w2");
  EXPECT_OK(kit.Do<v1::Worker>([&](WriteContext& c) { return c.workers().Seen(hello); }));
  EXPECT_OK(
      kit.Do<v1::Worker>([&](WriteContext& c) { return c.workers().Drain("w2", "maintenance"); }));
  EXPECT_OK(kit.ReportLog(kit.Run(uids[3]), 0, "gone\n"));
  EXPECT_OK(kit.Do([](WriteContext& c) {
    return c.trials().Delete("reviews/gone", DeletePolicy::kAlsoRunning);
  }));
}

void ExpectStory(StoreKit& kit) {
  ExpectTrials(kit);
  ExpectNumbers(kit);
  ExpectFilesAndWorkers(kit);
  // And it goes on: the running attempt from the offset held, the deleted name anew.
  const v1::AttemptId running = Attempt(kit.Get("reviews/resumed").uid(), 2);
  const auto answer = kit.ReportLog(running, 7, "more\n", {MakeSeries("loss", {{5, 5}})});
  ASSERT_OK(answer);
  EXPECT_TRUE(answer->taken);
  EXPECT_EQ(SummaryOf(kit.Row("reviews", "resumed"), "loss").mean, 7);
  EXPECT_EQ(kit.Submit("reviews", {"gone"}).size(), 1u);
  EXPECT_OK(kit.store().RunMaintenance());
}

}  // namespace xp::store
