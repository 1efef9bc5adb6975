// How runs are ended: stops, limits, and what the main process leaves behind.
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>

#include "tests/worker/runner/runner_fixture.h"

namespace xp::runner {
namespace {

class StopTest : public RunnerFixture {
 protected:
  // Waits for "NAME=PID" in the log.
  pid_t PidInLog(const std::string& name) {
    pid_t pid = 0;
    EXPECT_TRUE(Eventually([&] {
      const std::string log = Log();
      const size_t at = log.find(name + "=");
      const size_t end = at == std::string::npos ? at : log.find('\n', at);
      return end != std::string::npos &&
             absl::SimpleAtoi(log.substr(at + name.size() + 1, end - at - name.size() - 1), &pid);
    })) << Log();
    return pid;
  }
};

TEST_F(StopTest, AStopIsSigtermAndTheProgramMayEndInItsOwnWay) {
  ASSERT_TRUE(Start(Shell("trap 'echo saved; exit 5' TERM; echo ready; "
                          "while :; do sleep 0.01; done"))
                  .ok());
  ASSERT_TRUE(Eventually([&] { return LogHolds("ready"); }));
  ASSERT_TRUE(RequestStop(folder_, absl::Seconds(30), "USER").ok());
  const ExitRecord record = WaitForEnd();
  EXPECT_EQ(record.exit_code, 5);
  EXPECT_EQ(record.stop_cause, StopCause::kRequested);
  EXPECT_EQ(record.stop_reason, "USER");
  EXPECT_TRUE(LogHolds("saved"));
  EXPECT_FALSE(record.Succeeded());
}

TEST_F(StopTest, WhatIgnoresSigtermIsKilledAfterTheGrace) {
  ASSERT_TRUE(Start(Shell("trap '' TERM; echo ready; while :; do sleep 0.01; done")).ok());
  ASSERT_TRUE(Eventually([&] { return LogHolds("ready"); }));
  ASSERT_TRUE(RequestStop(folder_, absl::Milliseconds(150), "USER").ok());
  const ExitRecord record = WaitForEnd();
  EXPECT_EQ(record.signal, SIGKILL);
  EXPECT_EQ(record.reason, EndReason::kSignal);
}

TEST_F(StopTest, AskedAgainTheEarlierDeadlineHolds) {
  ASSERT_TRUE(Start(Shell("trap '' TERM; echo ready; while :; do sleep 0.01; done")).ok());
  ASSERT_TRUE(Eventually([&] { return LogHolds("ready"); }));
  ASSERT_TRUE(RequestStop(folder_, absl::Hours(1), "USER").ok());
  ASSERT_TRUE(RequestStop(folder_, absl::ZeroDuration(), "FENCED").ok());
  EXPECT_EQ(WaitForEnd().signal, SIGKILL);
}

TEST_F(StopTest, AStoppedProcessIsEndedToo) {
  ASSERT_TRUE(Start(Shell("echo ready; kill -STOP $$; sleep 60")).ok());
  ASSERT_TRUE(Eventually([&] { return LogHolds("ready"); }));
  ASSERT_TRUE(RequestStop(folder_, absl::Seconds(30), "USER").ok());
  EXPECT_EQ(WaitForEnd().signal, SIGTERM);
}

TEST_F(StopTest, ATimeLimitEndsTheRun) {
  RunnerSpec spec = Shell("sleep 60");
  spec.time_limit = absl::Milliseconds(100);
  const ExitRecord record = Run(spec);
  EXPECT_EQ(record.stop_cause, StopCause::kTimeLimit);
  EXPECT_EQ(record.signal, SIGTERM);
  EXPECT_GE(record.run_time_ms, 100);
}

TEST_F(StopTest, NoTimeIsLeftEndsTheRunAtOnce) {
  RunnerSpec spec = Shell("sleep 60");
  spec.time_limit = absl::ZeroDuration();
  EXPECT_EQ(Run(spec).stop_cause, StopCause::kTimeLimit);
}

TEST_F(StopTest, AGrandchildThatKeepsStdoutOpenDelaysNothing) {
  const ExitRecord record = Run(Shell("sleep 1000 & echo child=$!; exit 3"));
  EXPECT_EQ(record.exit_code, 3);
  EXPECT_EQ(record.descendants_ended, 1);
  EXPECT_EQ(kill(PidInLog("child"), 0), -1);
}

TEST_F(StopTest, ADescendantInASessionOfItsOwnIsEndedToo) {
  const ExitRecord record = Run(Shell(
      "setsid sh -c 'echo child=$$; trap \"\" TERM; touch up; while :; do sleep 0.01; done' & "
      "until [ -e up ]; do sleep 0.01; done"));
  EXPECT_TRUE(record.Succeeded());
  EXPECT_GE(record.descendants_ended, 1);
  EXPECT_EQ(record.descendants_left, 0);
  EXPECT_EQ(kill(PidInLog("child"), 0), -1);
}

TEST_F(StopTest, AStopReachesTheWholeProcessGroup) {
  ASSERT_TRUE(Start(Shell("sh -c 'trap \"echo worker saved; exit\" TERM; echo worker=$$; "
                          "while :; do sleep 0.01; done' & wait"))
                  .ok());
  (void)PidInLog("worker");
  ASSERT_TRUE(RequestStop(folder_, absl::Seconds(30), "USER").ok());
  (void)WaitForEnd();
  EXPECT_TRUE(LogHolds("worker saved"));
}

TEST_F(StopTest, ARunnerThatGetsSigtermStopsItsRun) {
  ASSERT_TRUE(Start(Shell("echo ready; sleep 60")).ok());
  ASSERT_TRUE(Eventually([&] { return LogHolds("ready"); }));
  ASSERT_TRUE(SendSignal(*Probe(folder_)->runner, SIGTERM).ok());
  const ExitRecord record = WaitForEnd();
  EXPECT_EQ(record.stop_cause, StopCause::kTerminated);
  EXPECT_EQ(record.signal, SIGTERM);
}

}  // namespace
}  // namespace xp::runner
