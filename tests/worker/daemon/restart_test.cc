// The daemon goes, the server goes, the stream is cut: every line counts once, training goes on.
#include <absl/strings/str_cat.h>

#include "tests/worker/daemon/daemon_fixture.h"

namespace xp::daemon {
namespace {

using ::testing::HasSubstr;

class RestartTest : public DaemonFixture {
 protected:
  // Prints `lines` lines with a number each, then waits for the file `go`, then as many again.
  v1::TrialSpec Printing(int lines) {
    v1::TrialSpec spec = Shell(absl::StrCat("seq 1 ", lines, " | sed 's/^/n=/'; echo half; ",
                                            "until [ -e go ]; do sleep 0.01; done; seq ", lines + 1,
                                            " ", 2 * lines, " | sed 's/^/n=/'; echo end"));
    AddMetric("n", "n=([0-9]+)", &spec);
    return spec;
  }
  static void ExpectEachLineOnce(const FakeAttempt& attempt, int lines) {
    ASSERT_EQ(attempt.values.size(), 2u * lines);
    for (int i = 0; i < 2 * lines; ++i) ASSERT_EQ(attempt.values[i], i + 1);
    EXPECT_EQ(attempt.lines, 2u * lines + 2);
  }
  void Go(const std::string& key) { Touch(PathsOf(key).Work() + "/go"); }
};

TEST_F(RestartTest, ANewDaemonGoesOnWhereTheOldOneWas) {
  const std::string key = server_.Assign(Printing(1000));
  StartDaemon();
  ASSERT_TRUE(Eventually([&] { return LogHolds(key, "half"); }));
  StopDaemon();
  Go(key);
  ASSERT_TRUE(Eventually([&] { return FileText(PathsOf(key).root() + "/exit") != ""; }));
  StartDaemon();
  const FakeAttempt attempt = WaitForEnd(key);
  ExpectEachLineOnce(attempt, 1000);
  EXPECT_EQ(attempt.exited->exit_code(), 0);
}

TEST_F(RestartTest, ARunningAttemptIsNamedInHello) {
  const std::string key = server_.Assign(Printing(1));
  StartDaemon();
  ASSERT_TRUE(Eventually([&] { return LogHolds(key, "half"); }));
  StopDaemon();
  StartDaemon();
  ASSERT_TRUE(Eventually([&] { return server_.streams() == 2; }));
  ASSERT_EQ(server_.hello().held_size(), 1);
  EXPECT_EQ(server_.hello().held(0).phase(), v1::HeldAttempt::RUNNING);
  EXPECT_TRUE(server_.hello().held(0).has_start_time());
  Go(key);
  ExpectEachLineOnce(WaitForEnd(key), 1);
}

TEST_F(RestartTest, AServerThatWasAwayGetsEverything) {
  const std::string key = server_.Assign(Printing(1000));
  StartDaemon();
  ASSERT_TRUE(Eventually([&] { return LogHolds(key, "half"); }));
  server_.Stop();
  Go(key);
  ASSERT_TRUE(Eventually([&] { return FileText(PathsOf(key).root() + "/exit") != ""; }));
  server_.Start();
  ExpectEachLineOnce(WaitForEnd(key), 1000);
}

TEST_F(RestartTest, AStreamCutInTheMiddleOfReportsCostsNothing) {
  for (const int reports : {1, 2, 3, 5}) {
    const std::string uid = absl::StrCat("cut", reports);
    server_.CutStreamAfter(reports);
    const std::string key = server_.Assign(Printing(100'000), uid);
    if (daemon_ == nullptr) StartDaemon();
    ASSERT_TRUE(Eventually([&] { return LogHolds(key, "half"); }));
    Go(key);
    ExpectEachLineOnce(WaitForEnd(key), 100'000);
  }
}

TEST_F(RestartTest, AServerThatHoldsLessIsSentTheRestAgain) {
  const std::string key = server_.Assign(Shell("seq 1 1000; until [ -e go ]; do sleep 0.01; done"));
  StartDaemon();
  ASSERT_TRUE(Eventually([&] { return LogHolds(key, "\n1000\n"); }));
  const std::string whole = server_.Get(key).log;
  server_.Stop();
  server_.ForgetLogBeyond(key, 18);  // the end of a line
  server_.Start();
  ASSERT_TRUE(Eventually([&] { return LogHolds(key, "\n1000\n"); }));
  EXPECT_EQ(server_.Get(key).log, whole);
  Go(key);
  EXPECT_EQ(WaitForEnd(key).log, whole);
}

TEST_F(RestartTest, AFullServerGetsEverythingOnceThereIsRoom) {
  server_.RefuseReports(5, absl::StatusCode::kResourceExhausted);
  const std::string key = server_.Assign(Printing(100'000));
  StartDaemon();
  ASSERT_TRUE(Eventually([&] { return LogHolds(key, "half"); }));
  Go(key);
  ExpectEachLineOnce(WaitForEnd(key), 100'000);
}

TEST_F(RestartTest, AnEndThatFoundNoRoomIsToldAgain) {
  server_.RefuseEnds(3);  // the first of them is the Exited
  const std::string key = server_.Assign(Shell("echo end; exit 3"));
  StartDaemon();
  const FakeAttempt attempt = WaitForEnd(key);
  ASSERT_TRUE(attempt.exited.has_value());
  EXPECT_EQ(attempt.exited->exit_code(), 3);
}

TEST_F(RestartTest, AReportThatTheServerNeverTakesDoesNotEndTheRun) {
  server_.RefuseReports(1, absl::StatusCode::kInvalidArgument);
  const std::string key = server_.Assign(Printing(1));
  StartDaemon();
  ASSERT_TRUE(Eventually([&] { return server_.Get(key).started.has_value(); }));
  Go(key);
  const FakeAttempt attempt = WaitForEnd(key);
  EXPECT_EQ(attempt.exited->reason(), v1::WORKER_FAULT);
  EXPECT_THAT(FileText(PathsOf(key).root() + "/log"), HasSubstr("end\n"));
}

TEST_F(RestartTest, AFencedRunIsKilledAndNothingKept) {
  const std::string key = server_.Assign(Shell("trap '' TERM; echo up; while :; do sleep 1; done"));
  StartDaemon();
  ASSERT_TRUE(Eventually([&] { return LogHolds(key, "up"); }));
  const auto command = *runner::Probe(PathsOf(key).Runner())->command;
  server_.NextVerdict(v1::Verdict::FENCED);
  server_.Stop();
  server_.Start();
  EXPECT_TRUE(Eventually([&] { return !runner::IsAlive(command); }));
  EXPECT_TRUE(Eventually([&] { return !std::filesystem::exists(PathsOf(key).root()); }));
}

TEST_F(RestartTest, ARefusedAttemptIsKilled) {
  server_.RefuseReports(1, absl::StatusCode::kFailedPrecondition);
  const std::string key = server_.Assign(Shell("echo up; sleep 1000"));
  StartDaemon();
  ASSERT_TRUE(Eventually([&] { return server_.Get(key).started.has_value(); }));
  EXPECT_TRUE(Eventually([&] { return !std::filesystem::exists(PathsOf(key).root()); }));
}

TEST_F(RestartTest, AKilledRunnerIsAWorkerFaultOnceTheProgramHasEnded) {
  const std::string key = server_.Assign(Printing(1));
  StartDaemon();
  ASSERT_TRUE(Eventually([&] { return LogHolds(key, "half"); }));
  const auto state = runner::Probe(PathsOf(key).Runner());
  ASSERT_TRUE(runner::SendSignal(*state->runner, SIGKILL).ok());
  Go(key);
  const FakeAttempt attempt = WaitForEnd(key);
  EXPECT_EQ(attempt.exited->reason(), v1::WORKER_FAULT);
  EXPECT_FALSE(attempt.exited->has_exit_code());
  EXPECT_THAT(attempt.log, HasSubstr("n=2\nend\n"));
}

TEST_F(RestartTest, AnOrphanStopsWhenAsked) {
  const std::string key = server_.Assign(Shell("echo up; sleep 1000"));
  StartDaemon();
  ASSERT_TRUE(Eventually([&] { return LogHolds(key, "up"); }));
  ASSERT_TRUE(runner::SendSignal(*runner::Probe(PathsOf(key).Runner())->runner, SIGKILL).ok());
  server_.StopAttempt(key, absl::Seconds(5));
  EXPECT_EQ(WaitForEnd(key).exited->reason(), v1::WORKER_FAULT);
}

TEST_F(RestartTest, StoppingTheDaemonLeavesTheTrainingRunning) {
  const std::string key = server_.Assign(Shell("echo up; sleep 1000"));
  StartDaemon();
  ASSERT_TRUE(Eventually([&] { return LogHolds(key, "up"); }));
  StopDaemon();
  EXPECT_EQ(runner::Probe(PathsOf(key).Runner())->phase, runner::RunnerPhase::kRunning);
}

TEST_F(RestartTest, AServerThatRefusesTheWorkerIsSaid) {
  server_.EndWith({grpc::StatusCode::INVALID_ARGUMENT, "hello.slots: is empty"});
  StartDaemon();
  absl::Status status;
  EXPECT_TRUE(Eventually([&] {
    status = daemon_->WaitUntilDone(absl::Milliseconds(10));
    return absl::IsInvalidArgument(status);
  })) << status;
}

}  // namespace
}  // namespace xp::daemon
