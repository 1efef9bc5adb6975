// A runner and a stop that cross: whatever a daemon that was killed left about to start, an attempt
// that is said to have ended never runs after it.
#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "tests/worker/daemon/daemon_fixture.h"
#include "worker/runner/exit_codes.h"
#include "worker/runner/folder_lock.h"

namespace xp::daemon {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class LateRunnerTest : public DaemonFixture {
 protected:
  static constexpr char kKey[] = "uid1-1";

  // What a daemon that was killed has on its disk once it had accepted.
  void LeaveAccepted(const v1::TrialSpec& spec) {
    v1::Assignment assignment;
    assignment.mutable_attempt()->set_trial_uid("uid1");
    assignment.mutable_attempt()->set_number(1);
    assignment.set_trial_name("exp/uid1");
    *assignment.mutable_spec() = spec;
    assignment.add_slots(0);
    ASSERT_TRUE(CreateAttempt(work_, assignment).ok());
  }
  runner::RunnerSpec Command(const std::string& script) {
    return {.argv = {"sh", "-c", script},
            .env = {"PATH=/usr/bin:/bin"},
            .working_dir = PathsOf(kKey).root(),
            .grace = absl::Seconds(30)};
  }
  runner::AttemptFolder Folder() { return PathsOf(kKey).Runner(); }
  // Runs xprunner as that daemon had: its foreground half, to its end.
  int RunLateRunner() {
    std::string name = "xprunner", path = Folder().path();
    char* argv[] = {name.data(), path.data(), nullptr};
    pid_t pid = 0;
    if (posix_spawn(&pid, XP_RUNNER_BINARY, nullptr, nullptr, argv, environ) != 0) return -1;
    int status = 0;
    EXPECT_EQ(waitpid(pid, &status, 0), pid);
    EXPECT_TRUE(WIFEXITED(status)) << "signal " << WTERMSIG(status);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  bool LockIsHeld() {
    const auto lock = runner::LookAtLock(Folder().LockFile());
    return lock.ok() && *lock == runner::LockState::kHeld;
  }
};

TEST_F(LateRunnerTest, FindsAnAttemptThatWasStoppedCalledOff) {
  LeaveAccepted(Shell("echo ran"));
  ASSERT_TRUE(
      runner::WriteFileDurably(Folder().SpecFile(), runner::SpecToJson(Command("echo ran"))).ok());
  server_.NextVerdict(v1::Verdict::STOP);
  StartDaemon();
  const FakeAttempt attempt = WaitForEnd(kKey);
  EXPECT_EQ(attempt.exited->reason(), v1::USER);
  EXPECT_FALSE(attempt.started.has_value());
  EXPECT_EQ(RunLateRunner(), runner::ExitCode::kFolderUsed);
  EXPECT_THAT(FileText(Folder().LogFile()), Not(HasSubstr("ran")));
}

// The runner reads its spec from a pipe: it holds the folder and has begun nothing until the test
// lets it go on.
TEST_F(LateRunnerTest, ThatIsJustStartingIsWaitedForAndThenStopped) {
  LeaveAccepted(Shell("unused"));
  ASSERT_EQ(mkfifo(Folder().SpecFile().c_str(), 0600), 0);
  int started = -1;
  std::thread runner([&] { started = RunLateRunner(); });
  ASSERT_TRUE(Eventually([&] { return LockIsHeld(); }));
  server_.NextVerdict(v1::Verdict::STOP);
  StartDaemon();
  // It has read of the stop before it looked at the folder.
  ASSERT_TRUE(Eventually([&] { return WasSaid(kKey, "waiting for a runner"); }));
  EXPECT_FALSE(server_.Get(kKey).exited.has_value()) << "nobody knows yet whether it begins";
  std::ofstream(Folder().SpecFile()) << runner::SpecToJson(Command("echo up; exec sleep 1000"));
  runner.join();
  EXPECT_EQ(started, runner::ExitCode::kStarted);
  const FakeAttempt attempt = WaitForEnd(kKey);
  EXPECT_EQ(attempt.exited->reason(), v1::USER);
  EXPECT_EQ(attempt.exited->signal(), SIGTERM);
  EXPECT_TRUE(attempt.started.has_value());
  EXPECT_EQ(runner::Probe(Folder())->phase, runner::RunnerPhase::kExited);
}

TEST_F(LateRunnerTest, BeginsNothingInAFolderThatIsBeingPrepared) {
  v1::TrialSpec spec = Shell("cat inputs/train/a; echo ran");
  v1::InputChannel& input = *spec.add_inputs();
  input.set_name("train");
  input.set_manifest_sha256(server_.AddFolder({{"a", "words\n"}}));
  LeaveAccepted(spec);
  ASSERT_TRUE(
      runner::WriteFileDurably(Folder().SpecFile(), runner::SpecToJson(Command("echo late"))).ok());
  server_.Stop();  // the inputs cannot be had for now
  StartDaemon();
  ASSERT_TRUE(Eventually([&] { return LockIsHeld(); }));
  EXPECT_EQ(RunLateRunner(), runner::ExitCode::kFolderUsed);
  server_.Start();
  const FakeAttempt attempt = WaitForEnd(kKey);
  EXPECT_EQ(attempt.log, "words\nran\n");
}

TEST_F(LateRunnerTest, ADaemonThatDiedAfterCallingOffSaysTheSame) {
  LeaveAccepted(Shell("echo ran"));
  {
    auto held = runner::HoldFolder(Folder());
    ASSERT_TRUE(held.ok());
    ASSERT_TRUE(runner::CallOff(Folder(), *held, "INPUT", "no such blob", absl::Now()).ok());
  }
  StartDaemon();
  const FakeAttempt attempt = WaitForEnd(kKey);
  EXPECT_EQ(attempt.exited->reason(), v1::INPUT);
  EXPECT_EQ(attempt.exited->message(), "no such blob");
  EXPECT_FALSE(attempt.exited->has_exit_code());
  EXPECT_FALSE(attempt.started.has_value());
}

TEST_F(LateRunnerTest, ThatWasTakenUpStillSaysThatItResumed) {
  LeaveAccepted(Shell("unused"));
  ASSERT_TRUE(runner::WriteFileDurably(PathsOf(kKey).Resuming(), "").ok());
  ASSERT_TRUE(
      runner::StartRunner(XP_RUNNER_BINARY, Folder(), Command("echo up; exec sleep 1000")).ok());
  StartDaemon();
  ASSERT_TRUE(Eventually([&] { return server_.Get(kKey).started.has_value(); }));
  EXPECT_TRUE(server_.Get(kKey).started->resumed());
}

}  // namespace
}  // namespace xp::daemon
