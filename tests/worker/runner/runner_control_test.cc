// Starting, looking and finding again: what a daemon that comes back relies on.
#include <sys/wait.h>
#include <unistd.h>

#include "tests/worker/runner/runner_fixture.h"
#include "worker/runner/folder_lock.h"
#include "worker/runner/pid_file.h"

namespace xp::runner {
namespace {

using ::testing::HasSubstr;

class RunnerControlTest : public RunnerFixture {
 protected:
  void Wait(const std::string& text) {
    ASSERT_TRUE(Eventually([&] { return LogHolds(text); })) << Log();
  }
};

TEST_F(RunnerControlTest, AFreshFolderIsNotStarted) {
  EXPECT_EQ(Phase(), RunnerPhase::kNotStarted);
}

TEST_F(RunnerControlTest, AMissingFolderIsNotFound) {
  EXPECT_TRUE(absl::IsNotFound(Probe(AttemptFolder("/nonexistent/attempt")).status()));
}

TEST_F(RunnerControlTest, WhileItRunsTheLockIsHeldAndTheProcessNamed) {
  ASSERT_TRUE(Start(Shell("echo pid=$$; sleep 60")).ok());
  Wait("\n");
  auto state = Probe(folder_);
  ASSERT_TRUE(state.ok());
  EXPECT_EQ(state->phase, RunnerPhase::kRunning);
  EXPECT_EQ(Log(), "pid=" + std::to_string(state->command->pid) + "\n");
  EXPECT_FALSE(FolderLock::Acquire(folder_.LockFile()).ok());
}

TEST_F(RunnerControlTest, TheRunnerIsASessionOfItsOwn) {
  ASSERT_TRUE(Start(Shell("sleep 60")).ok());
  const pid_t runner = Probe(folder_)->runner->pid;
  EXPECT_EQ(getsid(runner), runner);
  const pid_t command = Probe(folder_)->command->pid;
  EXPECT_EQ(getsid(command), runner);
  EXPECT_EQ(getpgid(command), command);
}

TEST_F(RunnerControlTest, AnAttemptRunsOnce) {
  (void)Run(Shell("true"));
  EXPECT_TRUE(absl::IsFailedPrecondition(Start(Shell("echo again"))));
  EXPECT_EQ(Log(), "");
}

TEST_F(RunnerControlTest, ARunningAttemptIsNotStartedASecondTime) {
  ASSERT_TRUE(Start(Shell("sleep 60")).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(Start(Shell("sleep 60"))));
}

TEST_F(RunnerControlTest, AFolderHeldBySomebodyElseIsRefused) {
  auto lock = FolderLock::Acquire(folder_.LockFile());
  ASSERT_TRUE(lock.ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(Start(Shell("true"))));
}

TEST_F(RunnerControlTest, AFolderThatIsPreparedTakesNoRunnerUntilItIsLetGo) {
  {
    auto held = HoldFolder(folder_);
    ASSERT_TRUE(held.ok());
    EXPECT_TRUE(absl::IsFailedPrecondition(Start(Shell("true"))));
  }
  EXPECT_TRUE(Run(Shell("true")).Succeeded());
  EXPECT_TRUE(absl::IsFailedPrecondition(HoldFolder(folder_).status())) << "it has run";
}

TEST_F(RunnerControlTest, AnAttemptThatIsCalledOffNeverBegins) {
  {
    auto held = HoldFolder(folder_);
    ASSERT_TRUE(held.ok());
    ASSERT_TRUE(CallOff(folder_, *held, "USER", "stopped", absl::FromUnixMillis(5)).ok());
  }
  EXPECT_TRUE(absl::IsFailedPrecondition(Start(Shell("echo ran"))));
  EXPECT_TRUE(absl::IsFailedPrecondition(HoldFolder(folder_).status()));
  const auto state = Probe(folder_);
  ASSERT_TRUE(state.ok() && state->phase == RunnerPhase::kExited);
  EXPECT_FALSE(state->command.has_value());
  EXPECT_EQ(state->exit->reason, EndReason::kCalledOff);
  EXPECT_EQ(state->exit->stop_reason, "USER");
  EXPECT_EQ(state->exit->end_time_ms, 5);
}

TEST_F(RunnerControlTest, ARunnerBinaryThatIsNotThereIsUnavailable) {
  const absl::Status status = StartRunner("/nonexistent/xprunner", folder_, Shell("true"));
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("XP_RUNNER"));
  EXPECT_TRUE(Run(Shell("true")).Succeeded()) << "the folder may be used after such a failure";
}

TEST_F(RunnerControlTest, TheRunGoesOnWhenItsStarterDiesAtOnce) {
  const pid_t daemon = fork();
  if (daemon == 0) {
    const bool ok = Start(Shell("until [ -e go ]; do sleep 0.01; done; echo done")).ok();
    kill(getpid(), ok ? SIGKILL : SIGABRT);
  }
  int status;
  ASSERT_EQ(waitpid(daemon, &status, 0), daemon);
  ASSERT_EQ(WTERMSIG(status), SIGKILL);
  EXPECT_EQ(Phase(), RunnerPhase::kRunning);
  std::ofstream(folder_.path() + "/go") << "go";
  EXPECT_TRUE(WaitForEnd().Succeeded());
  EXPECT_EQ(Log(), "done\n");
}

TEST_F(RunnerControlTest, AKilledRunnerLeavesTheTrainingRunning) {
  ASSERT_TRUE(Start(Shell("until [ -e go ]; do sleep 0.01; done; echo done")).ok());
  ASSERT_TRUE(SendSignal(*Probe(folder_)->runner, SIGKILL).ok());
  ASSERT_TRUE(Eventually([&] { return Phase() == RunnerPhase::kOrphaned; }));
  std::ofstream(folder_.path() + "/go") << "go";
  ASSERT_TRUE(Eventually([&] { return Phase() == RunnerPhase::kVanished; }));
  EXPECT_EQ(Log(), "done\n");
}

TEST_F(RunnerControlTest, AnOrphanCanBeKilled) {
  ASSERT_TRUE(Start(Shell("sleep 60")).ok());
  ASSERT_TRUE(SendSignal(*Probe(folder_)->runner, SIGKILL).ok());
  ASSERT_TRUE(Eventually([&] { return Phase() == RunnerPhase::kOrphaned; }));
  ASSERT_TRUE(KillOrphan(*Probe(folder_)).ok());
  EXPECT_TRUE(Eventually([&] { return Phase() == RunnerPhase::kVanished; }));
}

TEST(ProcessIdentityTest, AgeIsCountedOnTheClockOfTheTicks) {
  const pid_t child = fork();
  if (child == 0) {
    pause();
    _exit(0);
  }
  const absl::Duration born = SinceBoot();
  const auto identity = IdentifyProcess(child);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  ASSERT_TRUE(identity.ok());
  EXPECT_LT(absl::AbsDuration(StartSinceBoot(*identity) - born), absl::Minutes(1));
}

TEST_F(RunnerControlTest, APidThatBelongsToAnotherProcessNowIsNotTakenForTheTraining) {
  auto self = IdentifyProcess(getpid());
  ASSERT_TRUE(self.ok());
  ProcessIdentity other = *self;
  other.start_ticks -= 1;
  const PidInfo info{.runner = other, .command = other};
  ASSERT_TRUE(WriteFileDurably(folder_.PidFile(), PidInfoToJson(info)).ok());
  EXPECT_EQ(Phase(), RunnerPhase::kVanished);
  EXPECT_TRUE(absl::IsNotFound(KillOrphan(*Probe(folder_)))) << "it would have been us";
}

TEST_F(RunnerControlTest, APidFromBeforeAReboot) {
  ProcessIdentity self = *IdentifyProcess(getpid());
  self.boot_id = "another";
  EXPECT_FALSE(IsAlive(self));
  EXPECT_TRUE(absl::IsNotFound(SendSignal(self, SIGKILL)));
}

TEST_F(RunnerControlTest, ADamagedExitFileIsDataLoss) {
  std::ofstream(folder_.ExitFile()) << "{";
  EXPECT_EQ(Probe(folder_).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(RunnerControlTest, WaitingEndsAtItsTimeout) {
  ASSERT_TRUE(Start(Shell("sleep 60")).ok());
  int slept = 0;
  auto state = WaitForExit(folder_, {.timeout = absl::Seconds(10),
                                     .poll_interval = absl::Seconds(1),
                                     .sleep = [&](absl::Duration) { ++slept; }});
  EXPECT_TRUE(absl::IsDeadlineExceeded(state.status()));
  EXPECT_EQ(slept, 10);
}

}  // namespace
}  // namespace xp::runner
