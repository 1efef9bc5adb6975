// A run that xpctl began is tracked as if the daemon had begun it, but belongs to whoever typed it.
#include "tests/worker/daemon/daemon_fixture.h"
#include "worker/daemon/proto_time.h"
#include "worker/runner/process_identity.h"

namespace xp::daemon {
namespace {

using ::testing::HasSubstr;

class AdoptTest : public DaemonFixture {
 protected:
  AdoptTest() : folder_(work_.root() + "/begun") { std::filesystem::create_directory(folder_); }
  ~AdoptTest() override {
    StopDaemon();
    auto state = runner::Probe(Folder());
    if (!state.ok() || state->phase != runner::RunnerPhase::kRunning) return;
    (void)runner::RequestStop(Folder(), absl::ZeroDuration(), "test ends");
    (void)runner::WaitForExit(Folder(), {.timeout = absl::Seconds(10)});
  }

  runner::AttemptFolder Folder() const { return runner::AttemptFolder(folder_); }
  void Begin(std::vector<std::string> argv) {
    const runner::RunnerSpec spec{.argv = std::move(argv),
                                  .env = {"PATH=/usr/bin:/bin"},
                                  .working_dir = folder_,
                                  .grace = absl::Seconds(30)};
    ASSERT_TRUE(runner::StartRunner(XP_RUNNER_BINARY, Folder(), spec).ok());
  }
  void BeginShell(const std::string& script) { Begin({"sh", "-c", script}); }

  const std::string folder_;
};

TEST_F(AdoptTest, OneThatIsOverIsReportedWithItsOwnTimes) {
  BeginShell("echo n=1; mkdir model; echo w > model/weights; exit 3");
  const auto end = runner::WaitForExit(Folder(), {.timeout = absl::Seconds(30)});
  ASSERT_TRUE(end.ok());
  v1::TrialSpec spec = Shell("unused");
  AddMetric("n", "n=([0-9]+)", &spec);
  const std::string key = server_.Assign(spec);
  StartDaemon(WhenIdle::kLeave, folder_);
  const FakeAttempt attempt = WaitForEnd(key);
  EXPECT_TRUE(attempt.accepted);
  ASSERT_TRUE(attempt.started.has_value());
  EXPECT_EQ(absl::ToUnixMillis(FromProto(attempt.started->time())), end->exit->start_time_ms);
  EXPECT_EQ(attempt.log, "n=1\n");
  EXPECT_EQ(attempt.values, std::vector<double>{1});
  EXPECT_EQ(attempt.exited->exit_code(), 3);
  EXPECT_TRUE(attempt.artifacts.contains("model/weights"));
  EXPECT_TRUE(Eventually([&] { return std::filesystem::exists(Folder().ConfirmedFile()); }));
}

TEST_F(AdoptTest, OneThatGoesOnIsTakenUpAgainByTheNextDaemon) {
  BeginShell("echo one; until [ -e go ]; do sleep 0.01; done; echo two");
  const std::string key = server_.Assign(Shell("unused"));
  StartDaemon(WhenIdle::kLeave, folder_);
  ASSERT_TRUE(Eventually([&] { return LogHolds(key, "one"); }));
  StopDaemon();
  Touch(folder_ + "/go");
  StartDaemon(WhenIdle::kLeave, folder_);
  EXPECT_EQ(WaitForEnd(key).log, "one\ntwo\n");
}

TEST_F(AdoptTest, ACommandThatCouldNotBeStartedSaysSo) {
  Begin({"no-such-program"});
  const std::string key = server_.Assign(Shell("unused"));
  StartDaemon(WhenIdle::kLeave, folder_);
  const FakeAttempt attempt = WaitForEnd(key);
  EXPECT_TRUE(attempt.accepted);
  EXPECT_EQ(attempt.exited->reason(), v1::NOT_FOUND);
}

TEST_F(AdoptTest, NothingIsBegunHere) {
  const std::string key = server_.Assign(Shell("echo begun > begun-by-the-daemon"));
  StartDaemon(WhenIdle::kLeave, folder_);
  const FakeAttempt attempt = WaitForEnd(key);
  EXPECT_EQ(attempt.exited->reason(), v1::WORKER_FAULT);
  EXPECT_THAT(attempt.exited->message(), HasSubstr("never begun"));
  EXPECT_EQ(attempt.log, "");
}

TEST_F(AdoptTest, AnEndThatCannotBeNotedIsHeldUntilItCan) {
  BeginShell("echo once");
  std::filesystem::create_directory(Folder().ConfirmedFile());  // in the way, as a full disk is
  const std::string key = server_.Assign(Shell("unused"));
  StartDaemon(WhenIdle::kLeave, folder_);
  (void)WaitForEnd(key);
  ASSERT_TRUE(
      Eventually([&] { return std::filesystem::exists(Folder().ConfirmedFile() + ".tmp"); }));
  server_.Stop();
  server_.NextVerdict(v1::Verdict::CONFIRMED);
  server_.Start();
  ASSERT_TRUE(Eventually([&] { return server_.streams() == 2; }));
  EXPECT_EQ(server_.hello().held_size(), 1);
  std::filesystem::remove(Folder().ConfirmedFile());
  EXPECT_TRUE(
      Eventually([&] { return std::filesystem::is_regular_file(Folder().ConfirmedFile()); }));
  server_.SayDrained();
  EXPECT_TRUE(Eventually([&] { return daemon_->WaitUntilDone(absl::Milliseconds(10)).ok(); }));
}

TEST_F(AdoptTest, ACommandThatTheServerDoesNotWantGoesOnUntracked) {
  BeginShell("echo up; until [ -e go ]; do sleep 0.01; done; echo done");
  const std::string key = server_.Assign(Shell("unused"));
  StartDaemon(WhenIdle::kLeave, folder_);
  ASSERT_TRUE(Eventually([&] { return LogHolds(key, "up"); }));
  server_.NextVerdict(v1::Verdict::FENCED);
  server_.Stop();
  server_.Start();
  ASSERT_TRUE(Eventually([&] { return !std::filesystem::exists(PathsOf(key).root()); }));
  EXPECT_FALSE(std::filesystem::exists(Folder().ConfirmedFile()));
  EXPECT_EQ(runner::Probe(Folder())->phase, runner::RunnerPhase::kRunning);
  Touch(folder_ + "/go");
  const auto end = runner::WaitForExit(Folder(), {.timeout = absl::Seconds(30)});
  ASSERT_TRUE(end.ok());
  EXPECT_TRUE(end->exit->Succeeded());
  EXPECT_EQ(FileText(Folder().LogFile()), "up\ndone\n");
}

TEST_F(AdoptTest, AFolderIsGivenToOneAttemptAlone) {
  BeginShell("echo once");
  const std::string first = server_.Assign(Shell("unused"));
  StartDaemon(WhenIdle::kWait, folder_);
  (void)WaitForEnd(first);
  const std::string second = server_.Assign(Shell("unused"), "uid1", 2);
  const FakeAttempt attempt = WaitForEnd(second);
  EXPECT_EQ(attempt.exited->reason(), v1::WORKER_FAULT);
  EXPECT_THAT(attempt.exited->message(), HasSubstr("is not run again"));
}

}  // namespace
}  // namespace xp::daemon
