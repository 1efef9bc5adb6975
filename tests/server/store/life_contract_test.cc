// A trial's way through the store: submitted, assigned, reported, ended, compared.
#include "server/core/metric_summary.h"
#include "tests/server/store/store_kit.h"

namespace xp::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST_P(StoreContract, OneTrialFromSubmitToCompare) {
  const std::string uid = kit.Submit("e", {"a"})[0];
  EXPECT_EQ(kit.Get("e/a").state(), v1::QUEUED);
  const v1::AttemptId attempt = kit.Run(uid);
  EXPECT_EQ(attempt.number(), 1);
  EXPECT_EQ(kit.Get("e/a").state(), v1::RUNNING);

  const auto answer =
      kit.ReportLog(attempt, 0, "loss=2\nloss=4\n", {MakeSeries("loss", {{2, 1, 0}, {4, 2, 7}})});
  ASSERT_OK(answer);
  EXPECT_TRUE(answer->taken);
  EXPECT_EQ(answer->held.offset(), 14u);

  ASSERT_OK(kit.Exit(attempt, 0, 14));
  EXPECT_EQ(kit.Get("e/a").state(), v1::FINISHING);
  const auto end = kit.Finish(attempt);
  ASSERT_OK(end);
  EXPECT_TRUE(end->confirmed);
  EXPECT_EQ(kit.Get("e/a").state(), v1::COMPLETED);

  const CompareTrialRow row = kit.Row("e", "a");
  const core::MetricSummary loss = SummaryOf(row, "loss");
  EXPECT_EQ(loss.count, 2u);
  EXPECT_DOUBLE_EQ(loss.mean, 3);
  EXPECT_EQ(row.attempt, 1);
  EXPECT_EQ(row.series[0].source, v1::SOURCE_KIND_LOG);

  v1::ReadLogRequest read;
  read.set_name("e/a");
  const auto log = kit.store().logs().Read(read);
  ASSERT_OK(log);
  EXPECT_EQ(log->data(), "loss=2\nloss=4\n");
  EXPECT_TRUE(log->complete());
}

TEST_P(StoreContract, EndWaitsForTheLastByte) {
  const v1::AttemptId attempt = kit.Run(kit.Submit("e", {"a"})[0]);
  ASSERT_OK(kit.Exit(attempt, 0, 6));
  ASSERT_OK(kit.Finish(attempt));
  EXPECT_EQ(kit.Get("e/a").state(), v1::FINISHING);
  const auto answer = kit.ReportLog(attempt, 0, "hello\n");
  ASSERT_OK(answer);
  EXPECT_TRUE(answer->confirmed);
  EXPECT_EQ(kit.Get("e/a").state(), v1::COMPLETED);
}

TEST_P(StoreContract, AClockThatIsSetBackMakesNoEndBeforeItsStart) {
  const v1::AttemptId attempt = kit.Run(kit.Submit("e", {"a"})[0]);
  const int64_t start = kit.Get("e/a").start_time().seconds();
  kit.clock.JumpWall(-absl::Hours(24));
  ASSERT_OK(kit.Exit(attempt, 0, 0));
  ASSERT_OK(kit.Finish(attempt));
  EXPECT_EQ(kit.Get("e/a").end_time().seconds(), start + 60) << "it ran for a minute";
  EXPECT_EQ(kit.Get("e/a").latest_attempt().end_time().seconds(), start + 60);
}

TEST_P(StoreContract, FailureShowsReasonAndLastLines) {
  const v1::AttemptId attempt = kit.Run(kit.Submit("e", {"a"})[0]);
  ASSERT_OK(kit.ReportLog(attempt, 0, "one\nboom \xff\n"));
  ASSERT_OK(kit.Exit(attempt, 3, 11));
  ASSERT_OK(kit.Finish(attempt));
  const v1::Trial trial = kit.Get("e/a");
  EXPECT_EQ(trial.state(), v1::FAILED);
  EXPECT_EQ(trial.reason(), v1::EXIT);
  EXPECT_EQ(trial.log_tail(), "one\nboom \xEF\xBF\xBD\n");
  EXPECT_EQ(trial.latest_attempt().exit_code(), 3);
}

TEST_P(StoreContract, IncompleteAfterTheWaitAndRepairedByTheMissingBytes) {
  const v1::AttemptId attempt = kit.Run(kit.Submit("e", {"a"})[0]);
  ASSERT_OK(kit.Exit(attempt, 0, 6));
  ASSERT_OK(kit.Finish(attempt));
  kit.clock.Advance(absl::Hours(25));
  const auto gone = kit.Do<int>([&](WriteContext& context) {
    return context.attempts().GiveUpFinishing(context.now() - absl::Hours(24));
  });
  ASSERT_OK(gone);
  EXPECT_EQ(*gone, 1);
  EXPECT_EQ(kit.Get("e/a").reason(), v1::INCOMPLETE);
  EXPECT_THAT(kit.Get("e/a").message(), HasSubstr("0 of 6 bytes"));
  ASSERT_OK(kit.ReportLog(attempt, 0, "hello\n"));
  EXPECT_EQ(kit.Get("e/a").state(), v1::COMPLETED);
  EXPECT_EQ(kit.Get("e/a").reason(), v1::END_REASON_UNSPECIFIED);
}

TEST_P(StoreContract, LostTrialIsTakenBackUntilTheNextAssignment) {
  const std::string uid = kit.Submit("e", {"a"})[0];
  const v1::AttemptId first = kit.Run(uid);
  ASSERT_OK(kit.Do([&](WriteContext& c) { return c.attempts().LeaseExpired(first); }));
  EXPECT_EQ(kit.Get("e/a").state(), v1::LOST);
  ASSERT_OK(kit.Do([&](WriteContext& c) { return c.attempts().GiveUp(first, "silent"); }));
  EXPECT_EQ(kit.Get("e/a").state(), v1::QUEUED);
  EXPECT_EQ(kit.Get("e/a").worker_faults(), 1);
  ASSERT_OK(kit.Do([&](WriteContext& c) { return c.attempts().WorkerReturned(first); }));
  EXPECT_EQ(kit.Get("e/a").state(), v1::RUNNING);
  EXPECT_EQ(kit.Get("e/a").worker_faults(), 0);

  ASSERT_OK(kit.Do([&](WriteContext& c) { return c.attempts().LeaseExpired(first); }));
  ASSERT_OK(kit.Do([&](WriteContext& c) { return c.attempts().GiveUp(first, "silent"); }));
  const v1::AttemptId second = kit.Run(uid, "w2");
  EXPECT_EQ(second.number(), 2);
  EXPECT_CODE(kit.Do([&](WriteContext& c) { return c.attempts().WorkerReturned(first); }),
              kFailedPrecondition);
  EXPECT_CODE(kit.ReportLog(first, 0, "late\n"), kFailedPrecondition);
}

TEST_P(StoreContract, RetriesAreUsedThenItFails) {
  v1::SubmitExperimentRequest request;
  request.mutable_experiment()->set_name("e");
  v1::Trial* trial = request.add_trials();
  trial->set_name("a");
  *trial->mutable_spec() = MakeSpec();
  trial->mutable_spec()->set_retries(1);
  ASSERT_OK(kit.Do<v1::SubmitExperimentResponse>(
      [&](WriteContext& context) { return context.experiments().Submit(request); }));
  for (const v1::TrialState expected : {v1::QUEUED, v1::FAILED}) {
    const v1::AttemptId attempt = kit.Run(kit.Get("e/a").uid());
    ASSERT_OK(kit.Exit(attempt, 1, 0));
    ASSERT_OK(kit.Finish(attempt));
    EXPECT_EQ(kit.Get("e/a").state(), expected);
  }
  EXPECT_EQ(kit.Get("e/a").attempt(), 2);
  v1::RetryTrialRequest retry;
  retry.set_name("e/a");
  ASSERT_OK(kit.Do<v1::Trial>([&](WriteContext& c) { return c.trials().Retry(retry); }));
  EXPECT_EQ(kit.Get("e/a").state(), v1::QUEUED);
  EXPECT_EQ(kit.Get("e/a").failures(), 0);
}

TEST_P(StoreContract, StopOfWaitingRunningAndFinishing) {
  const auto uids = kit.Submit("e", {"waiting", "running", "finishing"});
  const auto stop = [&](const std::string& name) {
    return kit.Do<v1::Trial>(
        [&](WriteContext& c) { return c.trials().Stop(name, core::StopReason::kUser); });
  };
  ASSERT_OK(stop("e/waiting"));
  EXPECT_EQ(kit.Get("e/waiting").state(), v1::STOPPED);
  EXPECT_EQ(kit.Get("e/waiting").reason(), v1::USER);
  EXPECT_CODE(stop("e/waiting"), kFailedPrecondition);

  const v1::AttemptId running = kit.Run(uids[1]);
  ASSERT_OK(stop("e/running"));
  ASSERT_OK(stop("e/running"));
  EXPECT_EQ(kit.Get("e/running").state(), v1::STOPPING);
  ASSERT_OK(kit.Exit(running, 0, 0));
  ASSERT_OK(kit.Finish(running));
  EXPECT_EQ(kit.Get("e/running").state(), v1::STOPPED);

  // Preempted, and stopped before its last word: it is not queued again.
  const v1::AttemptId finishing = kit.Run(uids[2]);
  ASSERT_OK(kit.Exit(finishing, 75, 0));
  ASSERT_OK(stop("e/finishing"));
  ASSERT_OK(kit.Finish(finishing));
  EXPECT_EQ(kit.Get("e/finishing").state(), v1::STOPPED);
}

TEST_P(StoreContract, HistoryOfATrialIsTold) {
  const v1::AttemptId attempt = kit.Run(kit.Submit("e", {"a"})[0]);
  ASSERT_OK(kit.Exit(attempt, 0, 0));
  ASSERT_OK(kit.Finish(attempt));
  const auto events = kit.store().trials().ListEvents("e/a");
  ASSERT_OK(events);
  std::vector<v1::TrialState> states;
  for (const v1::TrialEvent& event : *events) states.push_back(event.state());
  EXPECT_THAT(states,
              ElementsAre(v1::QUEUED, v1::ASSIGNED, v1::RUNNING, v1::FINISHING, v1::COMPLETED));
}

INSTANTIATE_TEST_SUITE_P(Memory, StoreContract, testing::Values(StoreOptions::Place::kMemory));
INSTANTIATE_TEST_SUITE_P(Disk, StoreContract, testing::Values(StoreOptions::Place::kDisk));

}  // namespace
}  // namespace xp::store
