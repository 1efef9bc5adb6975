// One trial from its assignment to the server's confirmation.
#include "tests/worker/daemon/daemon_fixture.h"
#include "worker/daemon/proto_time.h"

namespace xp::daemon {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class PlainPathTest : public DaemonFixture {};

TEST_F(PlainPathTest, ATrialRunsIsReportedAndConfirmed) {
  v1::TrialSpec spec = Shell("echo loss=0.5; echo loss=0.25; printf 'no newline'");
  AddMetric("loss", "loss=([0-9.]+)", &spec);
  const std::string key = server_.Assign(spec);
  StartDaemon();
  const FakeAttempt attempt = WaitForEnd(key);
  EXPECT_TRUE(attempt.accepted);
  EXPECT_TRUE(attempt.started.has_value());
  EXPECT_EQ(attempt.log, "loss=0.5\nloss=0.25\nno newline");
  EXPECT_THAT(attempt.values, ElementsAre(0.5, 0.25));
  EXPECT_EQ(attempt.lines, 3u);
  EXPECT_EQ(attempt.exited->exit_code(), 0);
  EXPECT_EQ(attempt.exited->reason(), v1::END_REASON_UNSPECIFIED);
  EXPECT_EQ(attempt.finished->artifact_problem(), "");
}

TEST_F(PlainPathTest, APromisedSilenceIsPassedOnForItsAttemptAlone) {
  StartDaemon();
  const std::string loud = server_.Assign(Shell("until [ -e go ]; do sleep 0.01; done"), "loud");
  const std::string quiet = server_.Assign(
      Shell("echo '{\"xp\": \"silent_for\", \"seconds\": 7200}' >> $XP_METRICS_FILE; "
            "until [ -e go ]; do sleep 0.01; done"),
      "quiet");
  EXPECT_TRUE(Eventually([&] { return server_.Get(quiet).silent_for > absl::Minutes(59); }));
  const int beats = server_.heartbeats();
  ASSERT_TRUE(Eventually([&] { return server_.heartbeats() >= beats + 4; }));
  EXPECT_LE(server_.Get(quiet).silent_for, absl::Hours(1));
  EXPECT_EQ(server_.Get(loud).silent_for, absl::ZeroDuration());
  for (const std::string& key : {loud, quiet}) Touch(PathsOf(key).Work() + "/go");
  WaitForEnd(loud);
  WaitForEnd(quiet);
}

TEST_F(PlainPathTest, TheZoneOfItsTimesIsTheProgramsAndIsSaid) {
  v1::TrialSpec spec = Shell("date +'%Y-%m-%d %H:%M:%S,000 n=1'");
  (*spec.mutable_env())["TZ"] = "Asia/Tokyo";
  AddMetric("n", "(?P<time>[-0-9]+ [:,0-9]+) n=(?P<value>.*)", &spec);
  const std::string key = server_.Assign(spec);
  StartDaemon();
  const FakeAttempt attempt = WaitForEnd(key);
  EXPECT_EQ(attempt.started->time_zone(), "Asia/Tokyo");
  EXPECT_EQ(attempt.started->utc_offset_seconds(), 9 * 3600);
  ASSERT_EQ(attempt.times_ms.size(), 1u);
  EXPECT_LT(absl::AbsDuration(absl::FromUnixMillis(attempt.times_ms[0]) - absl::Now()),
            absl::Minutes(5))
      << "the zone is the program's, not the daemon's";
}

TEST_F(PlainPathTest, TheProgramSeesItsTrial) {
  v1::TrialSpec spec = Shell(
      "echo $XP_EXPERIMENT/$XP_TRIAL $XP_ATTEMPT $SM_HP_LR $MINE; "
      "cat inputs/train/a/b.txt; cat $SM_CHANNEL_TRAIN/a/b.txt; ./go.sh; "
      "echo $0 $1");
  spec.set_append_params(true);
  v1::Param& param = *spec.add_params();
  param.set_key("lr");
  param.set_kind(v1::PARAM_KIND_NUMBER);
  param.set_text("5e-5");
  (*spec.mutable_env())["MINE"] = "mine";
  spec.set_source_manifest_sha256(server_.AddFolder({{"go.sh", "#!/bin/sh\necho went\n"}}));
  v1::InputChannel& input = *spec.add_inputs();
  input.set_name("train");
  input.set_manifest_sha256(server_.AddFolder({{"a/b.txt", "data\n"}}));
  const std::string key = server_.Assign(spec);
  StartDaemon();
  EXPECT_EQ(WaitForEnd(key).log, "exp/uid1 1 5e-5 mine\ndata\ndata\nwent\n--lr 5e-5\n");
}

TEST_F(PlainPathTest, ExitCodesAndReasonsArePassedOn) {
  StartDaemon();
  const std::string failed = server_.Assign(Shell("exit 3"), "failed");
  const std::string killed = server_.Assign(Shell("kill -KILL $$"), "killed");
  v1::TrialSpec nothing;
  nothing.add_command("no-such-program");
  const std::string missing = server_.Assign(nothing, "missing");
  EXPECT_EQ(WaitForEnd(failed).exited->exit_code(), 3);
  EXPECT_EQ(WaitForEnd(killed).exited->reason(), v1::SIGNAL);
  EXPECT_EQ(WaitForEnd(killed).exited->signal(), 9);
  EXPECT_EQ(WaitForEnd(missing).exited->reason(), v1::NOT_FOUND);
  EXPECT_THAT(WaitForEnd(missing).exited->message(), HasSubstr("no-such-program"));
}

TEST_F(PlainPathTest, AnInputThatTheServerLacksFailsTheAttempt) {
  v1::TrialSpec spec = Shell("true");
  v1::InputChannel& input = *spec.add_inputs();
  input.set_name("train");
  input.set_manifest_sha256(std::string(64, 'a'));
  const std::string key = server_.Assign(spec);
  StartDaemon();
  const FakeAttempt attempt = WaitForEnd(key);
  EXPECT_EQ(attempt.exited->reason(), v1::INPUT);
  EXPECT_THAT(attempt.exited->message(), HasSubstr("inputs.train"));
  EXPECT_FALSE(attempt.started.has_value());
}

TEST_F(PlainPathTest, ModelAndOutputBecomeArtifacts) {
  const std::string key =
      server_.Assign(Shell("echo weights > $XP_MODEL_DIR/m.bin; mkdir $SM_OUTPUT_DATA_DIR/d; "
                           "echo text > $SM_OUTPUT_DATA_DIR/d/eval.txt"));
  StartDaemon();
  const FakeAttempt attempt = WaitForEnd(key);
  ASSERT_TRUE(attempt.artifacts.contains("model/m.bin"));
  EXPECT_EQ(attempt.artifacts.at("model/m.bin").size(), 8u);
  EXPECT_TRUE(attempt.artifacts.contains("output/d/eval.txt"));
}

TEST_F(PlainPathTest, WhatCannotBeAnArtifactIsToldAndTheRestIsKept) {
  const std::string key = server_.Assign(Shell(
      "cd $XP_MODEL_DIR; echo good > good; ln -s . loop; echo bad > \"$(printf 'bad\\377')\""));
  StartDaemon();
  const FakeAttempt attempt = WaitForEnd(key);
  EXPECT_TRUE(attempt.artifacts.contains("model/good"));
  EXPECT_THAT(attempt.finished->artifact_problem(), HasSubstr("loop"));
  EXPECT_THAT(attempt.finished->artifact_problem(), HasSubstr("bad\uFFFD"));
}

TEST_F(PlainPathTest, ARunWhoseFolderIsRemovedEndsAsAWorkerFault) {
  // Again where the runner writes into the folder just then.
  const std::string key = server_.Assign(
      Shell("cd /; folder=$(dirname $XP_MODEL_DIR); until rm -rf $folder; do :; done"));
  StartDaemon();
  EXPECT_EQ(WaitForEnd(key).exited->reason(), v1::WORKER_FAULT);
}

TEST_F(PlainPathTest, ALogThatIsRemovedIsToldWithTheEnd) {
  const std::string key = server_.Assign(Shell("rm $XP_MODEL_DIR/../log; echo gone"));
  StartDaemon();
  const FakeAttempt attempt = WaitForEnd(key);
  EXPECT_THAT(attempt.exited->message(), HasSubstr("5 of 5 bytes of the log are lost"));
}

TEST_F(PlainPathTest, TheMetricsFileIsASecondSource) {
  const std::string key =
      server_.Assign(Shell("echo '{\"f1\": 0.9, \"step\": 3}' >> $XP_METRICS_FILE; "
                           "echo '{\"f1\": 0.95, \"step\": 4}' >> $XP_METRICS_FILE"));
  StartDaemon();
  const FakeAttempt attempt = WaitForEnd(key);
  EXPECT_EQ(attempt.metrics_points, 2u);
  EXPECT_THAT(attempt.values, ElementsAre(0.9, 0.95));
}

TEST_F(PlainPathTest, AStopEndsTheRun) {
  const std::string key = server_.Assign(
      Shell("trap 'echo saved; exit 0' TERM; echo ready; while :; do sleep 0.01; done"));
  StartDaemon();
  ASSERT_TRUE(Eventually([&] { return LogHolds(key, "ready"); }));
  server_.StopAttempt(key, absl::Seconds(30));
  const FakeAttempt attempt = WaitForEnd(key);
  EXPECT_EQ(attempt.exited->reason(), v1::USER);
  EXPECT_THAT(attempt.log, HasSubstr("saved\n"));
}

TEST_F(PlainPathTest, TimeThatIsUpEndsTheRun) {
  v1::TrialSpec spec = Shell("sleep 60");
  *spec.mutable_timeout() = ToProto(absl::Milliseconds(100));
  const std::string key = server_.Assign(spec);
  StartDaemon();
  EXPECT_EQ(WaitForEnd(key).exited->reason(), v1::MAX_RUNTIME);
}

TEST_F(PlainPathTest, OnceLeavesWhenTheServerHasNothingMore) {
  const std::string key = server_.Assign(Shell("echo done"));
  StartDaemon(WhenIdle::kLeave);
  (void)WaitForEnd(key);
  EXPECT_TRUE(server_.hello().once());
  EXPECT_FALSE(daemon_->WaitUntilDone(absl::ZeroDuration()).ok());
  server_.SayDrained();
  EXPECT_TRUE(Eventually([&] { return daemon_->WaitUntilDone(absl::Milliseconds(10)).ok(); }));
}

TEST_F(PlainPathTest, HeartbeatsNameWhatRuns) {
  const std::string key = server_.Assign(Shell("sleep 60"));
  StartDaemon();
  ASSERT_TRUE(Eventually([&] { return server_.Get(key).started.has_value(); }));
  const int before = server_.heartbeats();
  EXPECT_TRUE(Eventually([&] { return server_.heartbeats() > before + 1; }));
}

TEST_F(PlainPathTest, CheckpointsOfThePredecessorAreThere) {
  StartDaemon();
  (void)WaitForEnd(server_.Assign(Shell("echo state > $XP_CHECKPOINT_DIR/s"), "u", 1));
  v1::TrialSpec spec = Shell("cat $XP_CHECKPOINT_DIR/s");
  spec.set_resume(true);
  const FakeAttempt second = WaitForEnd(server_.Assign(spec, "u", 2));
  EXPECT_EQ(second.log, "state\n");
  EXPECT_TRUE(second.started->resumed());
}

}  // namespace
}  // namespace xp::daemon
