// A trial's way over the work stream when nothing goes wrong, and the ways a program may end.
#include <gtest/gtest.h>

#include "tests/server/fleet/fleet_fixture.h"

namespace xp::fleet {
namespace {

using testing::MakeExited;
using testing::MakeReport;
using testing::MakeSubmit;

class LifeTest : public FleetTest {};

TEST_F(LifeTest, PlainLifeEndsCompletedAndIsConfirmed) {
  FakeWorker worker(*fleet_, "w", 1);
  EXPECT_EQ(worker.Connect().settings().lease().seconds(), 60);
  Submit({"a"});
  Work();
  const v1::Assignment assignment = worker.NextAssignment();
  EXPECT_EQ(assignment.trial_name(), "E/a");
  EXPECT_EQ(assignment.attempt().number(), 1);
  EXPECT_EQ(assignment.spec().command(0), "train");
  ASSERT_EQ(assignment.slots_size(), 1);
  EXPECT_EQ(StateOf("a"), v1::ASSIGNED);
  worker.Run(assignment.attempt());
  EXPECT_EQ(StateOf("a"), v1::RUNNING);

  ASSERT_EQ(worker.Report(MakeReport(assignment.attempt(), 0, "loss=0.5\n", "loss", {0.5})),
            absl::OkStatus());
  const auto ack = worker.Next();
  ASSERT_TRUE(ack.has_value() && ack->has_report_ack());
  EXPECT_EQ(ack->report_ack().held().offset(), 9u);

  ASSERT_EQ(worker.Exit(MakeExited(assignment.attempt(), 0, 9)), absl::OkStatus());
  EXPECT_EQ(StateOf("a"), v1::FINISHING);
  ASSERT_EQ(worker.Finish(assignment.attempt(), 9), absl::OkStatus());
  EXPECT_EQ(StateOf("a"), v1::COMPLETED);
  const auto confirmed = worker.Next();
  ASSERT_TRUE(confirmed.has_value() && confirmed->has_confirmed());
  EXPECT_EQ(confirmed->confirmed().attempt().trial_uid(), assignment.attempt().trial_uid());
}

TEST_F(LifeTest, CompletedWaitsForTheLastByte) {
  FakeWorker worker(*fleet_, "w", 1);
  const v1::AttemptId attempt = RunTrial(worker);
  ASSERT_EQ(worker.Exit(MakeExited(attempt, 0, 9)), absl::OkStatus());
  ASSERT_EQ(worker.Finish(attempt, 9), absl::OkStatus());
  EXPECT_EQ(StateOf("a"), v1::FINISHING) << "nine bytes are still missing";
  ASSERT_EQ(worker.Report(MakeReport(attempt, 0, "loss=0.5\n")), absl::OkStatus());
  EXPECT_EQ(StateOf("a"), v1::COMPLETED);
}

TEST_F(LifeTest, TwoSlotsRunTwoTrialsAtOnce) {
  FakeWorker worker(*fleet_, "w", 2);
  worker.Connect();
  Submit({"a", "b"});
  Work();
  const v1::Assignment first = worker.NextAssignment();
  const v1::Assignment second = worker.NextAssignment();
  EXPECT_NE(first.slots(0), second.slots(0));
  worker.Run(first.attempt());
  worker.Run(second.attempt());
  EXPECT_EQ(StateOf("a"), v1::RUNNING);
  EXPECT_EQ(StateOf("b"), v1::RUNNING);
}

TEST_F(LifeTest, OneSlotRunsThemOneAfterTheOther) {
  FakeWorker worker(*fleet_, "w", 1);
  worker.Connect();
  Submit({"a", "b"});
  Work();
  const v1::Assignment first = worker.NextAssignment();
  EXPECT_EQ(first.trial_name(), "E/a");
  EXPECT_FALSE(worker.Next().has_value()) << "the slot is taken";
  worker.Run(first.attempt());
  // The slot is free once the process is gone, not only when the last byte is in.
  ASSERT_EQ(worker.Exit(MakeExited(first.attempt(), 0, 0)), absl::OkStatus());
  Work();
  EXPECT_EQ(worker.NextAssignment().trial_name(), "E/b");
}

TEST_F(LifeTest, APriorityGoesFirst) {
  v1::SubmitExperimentRequest request = MakeSubmit("E", {"a", "b"});
  request.mutable_trials(1)->set_priority(5);
  Submit(request);
  FakeWorker worker(*fleet_, "w", 1);
  worker.Connect();
  Work();
  EXPECT_EQ(worker.NextAssignment().trial_name(), "E/b");
}

TEST_F(LifeTest, FailuresAreTriedAgainWhileThereAreRetries) {
  v1::SubmitExperimentRequest request = MakeSubmit("E", {"a"});
  request.mutable_trials(0)->mutable_spec()->set_retries(1);
  Submit(request);
  FakeWorker worker(*fleet_, "w", 1);
  worker.Connect();
  Work();
  v1::AttemptId attempt = worker.NextAssignment().attempt();
  worker.Run(attempt);
  worker.End(attempt, 3);
  EXPECT_TRUE(worker.Next()->has_confirmed());
  Work();
  attempt = worker.NextAssignment().attempt();
  EXPECT_EQ(attempt.number(), 2);
  worker.Run(attempt);
  worker.End(attempt, 3);
  EXPECT_EQ(StateOf("a"), v1::FAILED);
  EXPECT_EQ(Get("a").reason(), v1::EXIT);
}

TEST_F(LifeTest, PreemptedIsQueuedAgainWithoutARetry) {
  Submit({"a"});
  FakeWorker worker(*fleet_, "w", 1);
  worker.Connect();
  for (int number = 1; number <= 6; ++number) {
    Work();
    const v1::AttemptId attempt = worker.NextAssignment().attempt();
    EXPECT_EQ(attempt.number(), number);
    worker.Run(attempt);
    worker.End(attempt, 75);
    EXPECT_TRUE(worker.Next()->has_confirmed());
  }
  EXPECT_EQ(Get("a").failures(), 0);
}

TEST_F(LifeTest, WorkerFaultsHaveABoundOfTheirOwn) {
  Submit({"a"});
  FakeWorker worker(*fleet_, "w", 1);
  worker.Connect();
  for (int fault = 1; fault <= 4; ++fault) {
    Work();
    const v1::AttemptId attempt = worker.NextAssignment().attempt();
    worker.Run(attempt);
    v1::Exited exited = MakeExited(attempt, 0, 0);
    exited.clear_exit_code();
    exited.set_reason(v1::WORKER_FAULT);
    exited.set_message("the runner died");
    ASSERT_EQ(worker.Exit(exited), absl::OkStatus());
    ASSERT_EQ(worker.Finish(attempt), absl::OkStatus());
    EXPECT_TRUE(worker.Next()->has_confirmed());
  }
  EXPECT_EQ(StateOf("a"), v1::FAILED);
  EXPECT_EQ(Get("a").reason(), v1::WORKER_FAULT);
}

TEST_F(LifeTest, ADeletedTrialIsRefusedAtOnce) {
  FakeWorker worker(*fleet_, "w", 1);
  const v1::AttemptId attempt = RunTrial(worker);
  ASSERT_EQ(Delete("a"), absl::OkStatus());
  const auto refused = worker.NextRefused();
  ASSERT_TRUE(refused.has_value()) << "said without being asked";
  EXPECT_EQ(refused->code(), static_cast<int>(absl::StatusCode::kNotFound));
  ASSERT_EQ(worker.Report(MakeReport(attempt, 0, "late\n")), absl::OkStatus());
  EXPECT_EQ(worker.NextRefused()->code(), static_cast<int>(absl::StatusCode::kNotFound));
}

TEST_F(LifeTest, AnAttemptIsItsWorkersAlone) {
  FakeWorker worker(*fleet_, "w", 1);
  const v1::AttemptId attempt = RunTrial(worker);
  FakeWorker thief(*fleet_, "thief", 1);
  thief.Connect();
  const auto is_refused = [&] {
    const auto refused = thief.NextRefused();
    return refused.has_value() &&
           refused->code() == static_cast<int>(absl::StatusCode::kFailedPrecondition);
  };
  ASSERT_EQ(thief.Report(MakeReport(attempt, 0, "stolen\n")), absl::OkStatus());
  EXPECT_TRUE(is_refused());
  ASSERT_EQ(thief.Exit(MakeExited(attempt, 0, 0)), absl::OkStatus());
  EXPECT_TRUE(is_refused());
  ASSERT_EQ(thief.Finish(attempt), absl::OkStatus());
  EXPECT_TRUE(is_refused());
  EXPECT_EQ(StateOf("a"), v1::RUNNING);
  worker.End(attempt, 0);
  EXPECT_EQ(StateOf("a"), v1::COMPLETED);
}

TEST_F(LifeTest, AFullDiskRefusesReportsAndTakesThemLater) {
  FakeWorker worker(*fleet_, "w", 1);
  const v1::AttemptId attempt = RunTrial(worker);
  disk_.Fill();
  const v1::Report report = MakeReport(attempt, 0, "loss=0.5\n", "loss", {0.5});
  ASSERT_EQ(worker.Report(report), absl::OkStatus()) << "the stream lives on";
  const auto refused = worker.NextRefused();
  ASSERT_TRUE(refused.has_value());
  EXPECT_EQ(refused->code(), static_cast<int>(absl::StatusCode::kResourceExhausted));
  EXPECT_GT(refused->retry_after().seconds(), 0);
  ASSERT_EQ(worker.Exit(MakeExited(attempt, 0, 9)), absl::OkStatus());
  EXPECT_EQ(StateOf("a"), v1::FINISHING) << "states still go through";
  disk_.Empty();
  ASSERT_EQ(worker.Report(report), absl::OkStatus());
  EXPECT_EQ(worker.Next()->report_ack().held().offset(), 9u);
}

TEST_F(LifeTest, AReportThatDoesNotContinueChangesNothing) {
  FakeWorker worker(*fleet_, "w", 1);
  const v1::AttemptId attempt = RunTrial(worker);
  const v1::Report report = MakeReport(attempt, 0, "loss=0.5\n", "loss", {0.5});
  ASSERT_EQ(worker.Report(report), absl::OkStatus());
  ASSERT_EQ(worker.Report(report), absl::OkStatus());
  EXPECT_EQ(worker.Next()->report_ack().held().offset(), 9u);
  EXPECT_EQ(worker.Next()->report_ack().held().offset(), 9u) << "doubled, not stored twice";
  ASSERT_EQ(worker.Report(MakeReport(attempt, 100, "x\n")), absl::OkStatus());
  EXPECT_EQ(worker.Next()->report_ack().held().offset(), 9u) << "a gap is not filled with air";
}

}  // namespace
}  // namespace xp::fleet
