// The beginning of a stream: verdicts on what a worker holds, and what becomes of what it does not
// name.
#include <gtest/gtest.h>

#include "server/fleet/greeting.h"
#include "tests/server/fleet/fleet_fixture.h"

namespace xp::fleet {
namespace {

using testing::MakeExited;
using testing::MakeHello;
using testing::MakeReport;
using Held = v1::HeldAttempt;
using Verdict = v1::Verdict;

class ReconnectTest : public FleetTest {
 protected:
  ReconnectTest() : worker_(*fleet_, "w", 1) {
    worker_.Connect();
    Submit({"a"});
    Work();
    attempt_ = worker_.NextAssignment().attempt();
  }
  // The server is killed and started again; the worker connects with what it holds.
  v1::Welcome ComeBack() {
    worker_.Disconnect();
    RestartFleet();
    worker_.MoveTo(*fleet_);
    return worker_.Connect();
  }

  FakeWorker worker_;
  v1::AttemptId attempt_;
};

TEST_F(ReconnectTest, ARunningAttemptContinuesFromTheOffsetHeld) {
  worker_.Run(attempt_);
  ASSERT_EQ(worker_.Report(MakeReport(attempt_, 0, "loss=0.5\n", "loss", {0.5})), absl::OkStatus());
  worker_.Hold(attempt_, Held::RUNNING);
  const v1::Welcome welcome = ComeBack();
  ASSERT_EQ(welcome.verdicts_size(), 1);
  EXPECT_EQ(welcome.verdicts(0).action(), Verdict::CONTINUE);
  ASSERT_GE(welcome.verdicts(0).sources_size(), 1);
  EXPECT_EQ(welcome.verdicts(0).sources(0).source(), v1::SOURCE_KIND_LOG);
  EXPECT_EQ(welcome.verdicts(0).sources(0).offset(), 9u);
  EXPECT_EQ(StateOf("a"), v1::RUNNING);
}

TEST_F(ReconnectTest, AnAssignmentThatNeverArrivedIsQueuedAgainAtOnce) {
  ComeBack();
  EXPECT_EQ(Get("a").worker_faults(), 0);
  Work();
  EXPECT_EQ(worker_.NextAssignment().attempt().number(), 2);
}

TEST_F(ReconnectTest, ARunThatTheWorkerNoLongerHasIsAWorkerFault) {
  worker_.Run(attempt_);
  ComeBack();
  EXPECT_EQ(Get("a").worker_faults(), 1);
  EXPECT_EQ(StateOf("a"), v1::QUEUED);
}

TEST_F(ReconnectTest, AnExitWhileTheServerWasAwayIsTaken) {
  worker_.Run(attempt_);
  *worker_.Hold(attempt_, Held::EXITED)->mutable_exited() = MakeExited(attempt_, 3, 0);
  EXPECT_EQ(ComeBack().verdicts(0).action(), Verdict::CONTINUE);
  EXPECT_EQ(StateOf("a"), v1::FINISHING);
  ASSERT_EQ(worker_.Finish(attempt_), absl::OkStatus());
  EXPECT_EQ(StateOf("a"), v1::FAILED);
}

TEST_F(ReconnectTest, AStopThatWasAskedForMeanwhileIsTheVerdict) {
  worker_.Run(attempt_);
  worker_.Hold(attempt_, Held::RUNNING);
  worker_.Disconnect();
  ASSERT_EQ(Stop("a"), absl::OkStatus());
  const v1::Welcome welcome = worker_.Connect();
  EXPECT_EQ(welcome.verdicts(0).action(), Verdict::STOP);
  EXPECT_EQ(welcome.verdicts(0).stop_reason(), v1::USER);
}

TEST_F(ReconnectTest, ALostAttemptGoesOn) {
  worker_.Run(attempt_);
  worker_.Hold(attempt_, Held::RUNNING);
  worker_.Disconnect();
  Pass(absl::Seconds(70));
  ASSERT_EQ(StateOf("a"), v1::LOST);
  EXPECT_EQ(worker_.Connect().verdicts(0).action(), Verdict::CONTINUE);
  EXPECT_EQ(StateOf("a"), v1::RUNNING);
}

TEST_F(ReconnectTest, AStartThatNobodyHeardIsKept) {
  ASSERT_EQ(worker_.Accept(attempt_), absl::OkStatus());
  Held* held = worker_.Hold(attempt_, Held::RUNNING);
  held->mutable_started()->mutable_time()->set_seconds(1'700'000'000);
  held->mutable_started()->set_time_zone("Asia/Tokyo");
  held->mutable_started()->set_resumed(true);
  worker_.Disconnect();
  Pass(absl::Seconds(70));
  ASSERT_EQ(StateOf("a"), v1::LOST);
  EXPECT_EQ(worker_.Connect().verdicts(0).action(), Verdict::CONTINUE);
  EXPECT_EQ(StateOf("a"), v1::RUNNING);
  const v1::Attempt attempt = Get("a").latest_attempt();
  EXPECT_EQ(attempt.start_time().seconds(), 1'700'000'000);
  EXPECT_EQ(attempt.time_zone(), "Asia/Tokyo");
  EXPECT_TRUE(attempt.resumed());
}

TEST_F(ReconnectTest, ARunThatBeganAndEndedUnheardHasItsStart) {
  ASSERT_EQ(worker_.Accept(attempt_), absl::OkStatus());
  Held* held = worker_.Hold(attempt_, Held::EXITED);
  *held->mutable_exited() = MakeExited(attempt_, 0, 0);
  held->mutable_started()->mutable_time()->set_seconds(1'700'000'000);
  EXPECT_EQ(ComeBack().verdicts(0).action(), Verdict::CONTINUE);
  EXPECT_EQ(StateOf("a"), v1::FINISHING);
  EXPECT_EQ(Get("a").latest_attempt().start_time().seconds(), 1'700'000'000);
}

TEST_F(ReconnectTest, AnAttemptThatAnotherWorkerHasIsFenced) {
  worker_.Run(attempt_);
  worker_.Hold(attempt_, Held::RUNNING);
  worker_.Disconnect();
  Pass(absl::Minutes(12));
  FakeWorker other(*fleet_, "other", 1);
  other.Connect();
  Work();
  ASSERT_EQ(other.NextAssignment().attempt().number(), 2);
  EXPECT_EQ(worker_.Connect().verdicts(0).action(), Verdict::FENCED);
}

TEST_F(ReconnectTest, DeletedAndUnknownAttemptsAreForgotten) {
  worker_.Run(attempt_);
  worker_.Hold(attempt_, Held::RUNNING);
  v1::AttemptId unknown;
  unknown.set_trial_uid("nobody");
  unknown.set_number(7);
  worker_.Hold(unknown, Held::RUNNING);
  worker_.Disconnect();
  ASSERT_EQ(Delete("a"), absl::OkStatus());
  const v1::Welcome welcome = worker_.Connect();
  ASSERT_EQ(welcome.verdicts_size(), 2);
  EXPECT_EQ(welcome.verdicts(0).action(), Verdict::FORGET);
  EXPECT_EQ(welcome.verdicts(1).action(), Verdict::FORGET);
}

TEST_F(ReconnectTest, AStoredEndIsConfirmedAgain) {
  worker_.Run(attempt_);
  worker_.End(attempt_, 0);
  *worker_.Hold(attempt_, Held::EXITED)->mutable_exited() = MakeExited(attempt_, 0, 0);
  EXPECT_EQ(ComeBack().verdicts(0).action(), Verdict::CONFIRMED);
  EXPECT_EQ(StateOf("a"), v1::COMPLETED);
}

TEST_F(ReconnectTest, ASecondStreamEndsTheFirst) {
  FakeWorker twin(*fleet_, "w", 1);
  twin.Hold(attempt_, Held::ACCEPTED);
  twin.Connect();
  EXPECT_EQ(worker_.stream_status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(worker_.Start(attempt_).code(), absl::StatusCode::kAborted);
  worker_.Disconnect();  // the old stream's end must not take the new one along
  EXPECT_EQ(fleet_->ConnectedWorkers(), 1);
  EXPECT_EQ(twin.Start(attempt_), absl::OkStatus());
}

TEST_F(ReconnectTest, AStoppingServerEndsItsStreams) {
  fleet_->Stop();
  EXPECT_EQ(worker_.stream_status().code(), absl::StatusCode::kUnavailable);
  auto outbox = std::make_shared<Outbox>(10);
  EXPECT_EQ(fleet_->Connect(MakeHello("x", 1), outbox).status().code(),
            absl::StatusCode::kUnavailable);
}

TEST(CheckHelloTest, NamesTheFieldThatIsWrong) {
  const auto message_of = [](const std::function<void(v1::Hello&)>& bend) {
    v1::Hello hello = MakeHello("w", 2);
    bend(hello);
    const absl::Status status = CheckHello(hello);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  EXPECT_EQ(CheckHello(MakeHello("w", 2)), absl::OkStatus());
  EXPECT_EQ(message_of([](v1::Hello& h) { h.set_worker("a b"); }).find("hello.worker:"), 0u);
  EXPECT_EQ(message_of([](v1::Hello& h) { h.clear_slots(); }).find("hello.slots:"), 0u);
  EXPECT_EQ(message_of([](v1::Hello& h) {
              h.mutable_slots(1)->set_index(0);
            }).find("hello.slots[1].index:"),
            0u);
  EXPECT_EQ(message_of([](v1::Hello& h) {
              h.mutable_slots(1)->clear_kind();
            }).find("hello.slots[1].kind:"),
            0u);
  EXPECT_EQ(message_of([](v1::Hello& h) { h.add_held(); }).find("hello.held[0].attempt:"), 0u);
}

}  // namespace
}  // namespace xp::fleet
