// Leases: what silence leads to, and what it does not.
#include <gtest/gtest.h>

#include "tests/server/fleet/fleet_fixture.h"

namespace xp::fleet {
namespace {

using testing::MakeReport;

// One running trial on a worker that then says nothing more.
class SilenceTest : public FleetTest {
 protected:
  SilenceTest() : worker_(*fleet_, "w", 1) {
    worker_.Connect();
    Submit({"a"});
    Work();
    attempt_ = worker_.NextAssignment().attempt();
    worker_.Run(attempt_);
  }

  FakeWorker worker_;
  v1::AttemptId attempt_;
};

TEST_F(SilenceTest, HeartbeatsKeepTheLease) {
  for (int i = 0; i < 20; ++i) {
    Pass(absl::Seconds(15));
    ASSERT_EQ(worker_.Heartbeat({attempt_}), absl::OkStatus());
  }
  EXPECT_EQ(StateOf("a"), v1::RUNNING);
}

TEST_F(SilenceTest, BeyondTheLeaseTheTrialIsLostAndAHeartbeatBringsItBack) {
  Pass(absl::Seconds(55));
  EXPECT_EQ(StateOf("a"), v1::RUNNING);
  Pass(absl::Seconds(15));
  EXPECT_EQ(StateOf("a"), v1::LOST);
  ASSERT_EQ(worker_.Heartbeat({attempt_}), absl::OkStatus());
  EXPECT_EQ(StateOf("a"), v1::RUNNING);
  Pass(absl::Seconds(55));
  EXPECT_EQ(StateOf("a"), v1::RUNNING) << "the lease began anew";
}

TEST_F(SilenceTest, APromiseOfSilenceIsKept) {
  v1::WorkerMessage message;
  *message.mutable_heartbeat()->add_attempts() = attempt_;
  message.mutable_heartbeat()->mutable_silent_for()->set_seconds(300);
  ASSERT_EQ(worker_.Say(message), absl::OkStatus());
  Pass(absl::Seconds(350));
  EXPECT_EQ(StateOf("a"), v1::RUNNING);
  Pass(absl::Seconds(20));
  EXPECT_EQ(StateOf("a"), v1::LOST);
}

TEST_F(SilenceTest, LostLongEnoughItGoesToAnotherWorkerAsTheNextAttempt) {
  Pass(absl::Minutes(12));
  EXPECT_EQ(StateOf("a"), v1::QUEUED);
  EXPECT_EQ(Get("a").worker_faults(), 1);
  EXPECT_EQ(Get("a").attempt(), 1) << "the number rises at assignment, not before";
  FakeWorker other(*fleet_, "other", 1);
  other.Connect();
  Work();
  const v1::Assignment assignment = other.NextAssignment();
  EXPECT_EQ(assignment.attempt().number(), 2);
  EXPECT_NE(assignment.checkpoint_note().find("worker w"), std::string::npos)
      << assignment.checkpoint_note();
  // The first comes back: whatever it says of attempt 1 is refused.
  ASSERT_EQ(worker_.Report(MakeReport(attempt_, 0, "stale\n")), absl::OkStatus());
  EXPECT_EQ(worker_.NextRefused()->code(), static_cast<int>(absl::StatusCode::kFailedPrecondition));
  ASSERT_EQ(worker_.Heartbeat({attempt_}), absl::OkStatus());
  EXPECT_EQ(worker_.NextRefused()->code(), static_cast<int>(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(Get("a").attempt(), 2);
}

TEST_F(SilenceTest, ARunOfXpctlStaysLostUntilItsMachineIsBack) {
  v1::SubmitExperimentRequest request = testing::MakeSubmit("E", {"run"});
  (*request.mutable_trials(0)->mutable_spec()->mutable_resources()->mutable_labels())["xp.run"] =
      "1";
  Submit(request);
  FakeWorker laptop(*fleet_, "run-1", 1);
  (*laptop.hello().mutable_labels())["xp.run"] = "1";
  laptop.Connect();
  Work();
  const v1::AttemptId attempt = laptop.NextAssignment().attempt();
  laptop.Run(attempt);
  laptop.Disconnect();
  Pass(absl::Hours(1));
  EXPECT_EQ(StateOf("run"), v1::LOST);
  laptop.Hold(attempt, v1::HeldAttempt::RUNNING);
  EXPECT_EQ(laptop.Connect().verdicts(0).action(), v1::Verdict::CONTINUE);
  EXPECT_EQ(StateOf("run"), v1::RUNNING);
  laptop.Disconnect();
  Pass(absl::Minutes(20));
  ASSERT_EQ(Stop("run"), absl::OkStatus());
  Pass(absl::Minutes(12));
  EXPECT_EQ(StateOf("run"), v1::STOPPED) << "who does not want to wait stops it";
}

TEST_F(SilenceTest, QueuedAgainButNotYetAssignedItIsTakenBack) {
  Pass(absl::Minutes(12));
  ASSERT_EQ(StateOf("a"), v1::QUEUED);
  ASSERT_EQ(worker_.Heartbeat({attempt_}), absl::OkStatus());
  EXPECT_EQ(StateOf("a"), v1::RUNNING);
  EXPECT_EQ(Get("a").attempt(), 1);
}

TEST_F(SilenceTest, ALateCheckGivesEveryLeaseANewLife) {
  clock_.Advance(absl::Hours(3));  // the machine slept: nobody could have heard anything
  Work();
  EXPECT_EQ(StateOf("a"), v1::RUNNING);
  Pass(absl::Seconds(70));
  EXPECT_EQ(StateOf("a"), v1::LOST);
}

TEST_F(SilenceTest, ARestartGivesEveryLeaseANewLife) {
  Pass(absl::Seconds(50));
  worker_.Disconnect();
  RestartFleet();
  Pass(absl::Seconds(50));
  EXPECT_EQ(StateOf("a"), v1::RUNNING) << "silence counts only while the server could have heard";
  Pass(absl::Seconds(20));
  EXPECT_EQ(StateOf("a"), v1::LOST);
}

TEST_F(SilenceTest, AStoppedTrialWhoseWorkerStaysAwayEndsStopped) {
  ASSERT_EQ(Stop("a"), absl::OkStatus());
  Pass(absl::Seconds(70));
  EXPECT_EQ(StateOf("a"), v1::STOPPING);
  Pass(absl::Minutes(11));
  EXPECT_EQ(StateOf("a"), v1::STOPPED);
  EXPECT_EQ(Get("a").reason(), v1::USER);
}

TEST_F(SilenceTest, ASilentWorkerGetsNoAssignments) {
  FakeWorker quiet(*fleet_, "quiet", 1);
  quiet.Connect();
  Pass(absl::Seconds(70));
  Submit(testing::MakeSubmit("E2", {"b"}));
  Work();
  EXPECT_FALSE(quiet.Next().has_value());
  ASSERT_EQ(quiet.Heartbeat({}), absl::OkStatus());
  Work();
  EXPECT_EQ(quiet.NextAssignment().trial_name(), "E2/b");
}

TEST_F(SilenceTest, FinishingForADayIsIncompleteAndARepairCompletesIt) {
  ASSERT_EQ(worker_.Exit(testing::MakeExited(attempt_, 0, 9)), absl::OkStatus());
  Pass(absl::Hours(25), absl::Minutes(30));
  EXPECT_EQ(StateOf("a"), v1::FAILED);
  EXPECT_EQ(Get("a").reason(), v1::INCOMPLETE);
  ASSERT_EQ(worker_.Report(MakeReport(attempt_, 0, "loss=0.5\n")), absl::OkStatus());
  ASSERT_EQ(worker_.Finish(attempt_, 9), absl::OkStatus());
  EXPECT_EQ(StateOf("a"), v1::COMPLETED);
}

}  // namespace
}  // namespace xp::fleet
