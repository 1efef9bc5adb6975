// What goes wrong around an attempt: a disk that takes no assignment, slots that are not empty yet,
// a folder that cannot be read.
#include <filesystem>
#include <thread>

#include "tests/worker/daemon/daemon_fixture.h"
#include "worker/daemon/proto_time.h"

namespace xp::daemon {
namespace {

using ::testing::HasSubstr;

class TroubleTest : public DaemonFixture {
 protected:
  // The command goes on without it.
  void KillRunner(const std::string& key) {
    ASSERT_TRUE(runner::SendSignal(*runner::Probe(PathsOf(key).Runner())->runner, SIGKILL).ok());
  }
};

TEST_F(TroubleTest, AnAssignmentThatCannotBeWrittenIsGivenBackAtOnce) {
  StartDaemon();
  ASSERT_TRUE(Eventually([&] { return server_.connected(); }));
  std::filesystem::remove_all(work_.Attempts());
  Touch(work_.Attempts());  // a file where the folder was
  const std::string key = server_.Assign(Shell("true"));
  const FakeAttempt attempt = WaitForEnd(key);
  EXPECT_EQ(attempt.exited->reason(), v1::WORKER_FAULT);
  EXPECT_FALSE(attempt.accepted);
  std::filesystem::remove(work_.Attempts());
}

TEST_F(TroubleTest, AnAttemptWaitsForTheProcessBeforeItOnItsSlot) {
  // Ends only with its grace: what it left running does not hear SIGTERM.
  const std::string before = server_.Assign(
      Shell("(trap '' TERM; echo child; while :; do sleep 1; done) & trap '' TERM; wait"),
      "before");
  StartDaemon();
  ASSERT_TRUE(Eventually([&] { return LogHolds(before, "child"); }));
  const auto command = *runner::Probe(PathsOf(before).Runner())->command;
  server_.StopAttempt(before, absl::Milliseconds(1500));
  const std::string after = server_.Assign(Shell("echo after"), "after");
  ASSERT_TRUE(Eventually([&] { return server_.Get(after).started.has_value(); }));
  EXPECT_FALSE(runner::IsAlive(command)) << "both would have been on the slot";
  EXPECT_TRUE(server_.Get(before).exited.has_value());
  WaitForEnd(after);
}

TEST_F(TroubleTest, AnAttemptDoesNotBeginBesideAnotherWhileTheDaemonStops) {
  const std::string before = server_.Assign(Shell("echo up; exec sleep 1000"), "before");
  StartDaemon();
  ASSERT_TRUE(Eventually([&] { return LogHolds(before, "up"); }));
  const int beats = server_.heartbeats();
  ASSERT_TRUE(Eventually([&] { return server_.heartbeats() > beats + 1; }));
  clock_.HoldNextNewThread();  // the attempt's, as all others are known: it looks at its slots next
  const std::string after = server_.Assign(Shell("echo after"), "after");
  ASSERT_TRUE(Eventually([&] { return clock_.holds(); }));
  std::thread stop([&] { StopDaemon(); });
  EXPECT_TRUE(Eventually([&] { return !server_.connected(); }));
  clock_.Release();
  stop.join();
  EXPECT_EQ(runner::Probe(PathsOf(before).Runner())->phase, runner::RunnerPhase::kRunning);
  EXPECT_EQ(runner::Probe(PathsOf(after).Runner())->phase, runner::RunnerPhase::kNotStarted);
}

TEST_F(TroubleTest, ADamagedFileIsNoEndWhileTheRunnerLives) {
  const std::string key = server_.Assign(Shell("until [ -e go ]; do sleep 0.01; done; echo done"));
  StartDaemon();
  ASSERT_TRUE(Eventually([&] { return server_.Get(key).started.has_value(); }));
  std::ofstream(PathsOf(key).Runner().PidFile()) << "{";
  ASSERT_TRUE(Eventually([&] { return WasSaid(key, "its folder cannot be read"); }));
  EXPECT_FALSE(server_.Get(key).exited.has_value()) << "it runs";
  Touch(PathsOf(key).Work() + "/go");
  const FakeAttempt attempt = WaitForEnd(key);
  EXPECT_EQ(attempt.exited->reason(), v1::WORKER_FAULT);
  EXPECT_EQ(attempt.log, "done\n");
}

TEST_F(TroubleTest, AnOrphanHearsSigtermOnce) {
  const std::string key = server_.Assign(
      Shell("trap 'echo told' TERM; echo up; until [ -e more ]; do sleep 0.05; done; echo more; "
            "until [ -e go ]; do sleep 0.05; done"));
  StartDaemon();
  ASSERT_TRUE(Eventually([&] { return LogHolds(key, "up"); }));
  KillRunner(key);
  server_.StopAttempt(key, absl::Minutes(5));
  ASSERT_TRUE(Eventually([&] { return LogHolds(key, "told"); }));
  Touch(PathsOf(key).Work() + "/more");
  ASSERT_TRUE(Eventually([&] { return LogHolds(key, "more"); })) << "the daemon has looked again";
  Touch(PathsOf(key).Work() + "/go");
  const std::string log = WaitForEnd(key).log;
  EXPECT_EQ(log.find("told"), log.rfind("told")) << log;
}

TEST_F(TroubleTest, AnOrphanKeepsItsTimeLimitWhateverTheWallClockDoes) {
  v1::TrialSpec spec =
      Shell("echo up; until [ -e go ]; do sleep 0.05; done; echo more; sleep 1000");
  *spec.mutable_timeout() = ToProto(absl::Hours(1));
  *spec.mutable_stop_grace() = ToProto(absl::Seconds(30));
  const std::string key = server_.Assign(spec);
  StartDaemon();
  ASSERT_TRUE(Eventually([&] { return LogHolds(key, "up"); }));
  KillRunner(key);
  clock_.JumpWall(absl::Hours(2));
  Touch(PathsOf(key).Work() + "/go");
  ASSERT_TRUE(Eventually([&] { return LogHolds(key, "more"); })) << "it goes on";
  EXPECT_FALSE(server_.Get(key).exited.has_value());
  clock_.Advance(absl::Hours(2));
  EXPECT_EQ(WaitForEnd(key).exited->reason(), v1::WORKER_FAULT);
}

TEST_F(TroubleTest, TheServersGraceHoldsWhereTheSpecHasNone) {
  server_.SetStopGrace(absl::Milliseconds(200));
  const std::string key = server_.Assign(Shell("trap '' TERM; echo up; while :; do sleep 1; done"));
  StartDaemon();
  ASSERT_TRUE(Eventually([&] { return LogHolds(key, "up"); }));
  server_.NextVerdict(v1::Verdict::STOP);
  server_.Stop();
  server_.Start();
  const FakeAttempt attempt = WaitForEnd(key);
  EXPECT_EQ(attempt.exited->signal(), SIGKILL) << "the worker's own default is 30 s";
}

TEST_F(TroubleTest, TheSourcesDifferenceIsKeptWithTheEnvironment) {
  v1::TrialSpec spec = Shell("true");
  spec.set_source_git_commit("abc");
  spec.set_source_git_diff_sha256(server_.AddBlob("--- a\n+++ b\n"));
  const std::string key = server_.Assign(spec);
  StartDaemon();
  const FakeAttempt attempt = WaitForEnd(key);
  EXPECT_TRUE(attempt.artifacts.contains("environment/environment.json"));
  ASSERT_TRUE(attempt.artifacts.contains("environment/source.diff"));
  EXPECT_EQ(attempt.artifacts.at("environment/source.diff").sha256(),
            spec.source_git_diff_sha256());
}

TEST_F(TroubleTest, ADifferenceThatCannotBeHadIsToldWithTheTrial) {
  v1::TrialSpec spec = Shell("true");
  spec.set_source_git_commit("abc");
  spec.set_source_git_diff_sha256(std::string(64, 'a'));
  const std::string key = server_.Assign(spec);
  StartDaemon();
  const FakeAttempt attempt = WaitForEnd(key);
  EXPECT_TRUE(attempt.artifacts.contains("environment/environment.json"));
  EXPECT_THAT(attempt.finished->artifact_problem(), HasSubstr("source.diff"));
}

}  // namespace
}  // namespace xp::daemon
