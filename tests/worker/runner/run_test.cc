// How commands end, and what is written down about it.
#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <unistd.h>

#include "tests/worker/runner/runner_fixture.h"
#include "worker/runner/log_times.h"

namespace xp::runner {
namespace {

using ::testing::HasSubstr;

class RunTest : public RunnerFixture {};

TEST_F(RunTest, SuccessIsExitCodeZeroAndTheWholeLog) {
  const ExitRecord record = Run(Shell("echo out; echo err >&2; echo $GREETING; pwd"));
  EXPECT_TRUE(record.Succeeded());
  EXPECT_EQ(Log(), absl::StrCat("out\nerr\nhello\n", folder_.path(), "\n"));
  EXPECT_EQ(record.log_bytes, static_cast<int64_t>(Log().size()));
  EXPECT_GT(record.start_time_ms, 1'700'000'000'000);
  EXPECT_GE(record.end_time_ms, record.start_time_ms);
}

TEST_F(RunTest, ExitCodesArePassedOnAsTheyAre) {
  const ExitRecord record = Run(Shell("exit 3"));
  EXPECT_EQ(record.reason, EndReason::kExit);
  EXPECT_EQ(record.exit_code, 3);
  EXPECT_FALSE(record.Succeeded());
}

TEST_F(RunTest, Exit75IsNothingSpecialHere) { EXPECT_EQ(Run(Shell("exit 75")).exit_code, 75); }

TEST_F(RunTest, ADeathBySignalIsNamed) {
  const ExitRecord record = Run(Shell("kill -SEGV $$"));
  EXPECT_EQ(record.reason, EndReason::kSignal);
  EXPECT_EQ(record.signal, SIGSEGV);
  EXPECT_EQ(DescribeExit(record), "signal 11 (SIGSEGV)");
}

TEST_F(RunTest, ACommandThatIsNotThereIsNotFound) {
  const ExitRecord record = Run(Command({"no-such-program-of-mine"}));
  EXPECT_EQ(record.reason, EndReason::kNotFound);
  EXPECT_THAT(record.message, HasSubstr("\"no-such-program-of-mine\": not found in PATH=/usr/bin"));
}

TEST_F(RunTest, AFileWithoutExecutePermissionIsNotFoundAndSaysSo) {
  std::ofstream(folder_.path() + "/train.py") << "print()";
  const ExitRecord record = Run(Command({"./train.py"}));
  EXPECT_EQ(record.reason, EndReason::kNotFound);
  EXPECT_THAT(record.message, HasSubstr("chmod +x"));
}

TEST_F(RunTest, AMissingInterpreterIsToldFromAMissingFile) {
  const std::string script = folder_.path() + "/train.sh";
  std::ofstream(script) << "#!/no/such/interpreter\n";
  std::filesystem::permissions(script, std::filesystem::perms::owner_all);
  EXPECT_THAT(Run(Command({"./train.sh"})).message, HasSubstr("interpreter"));
}

TEST_F(RunTest, AMissingWorkingDirectoryIsSaid) {
  RunnerSpec spec = Shell("true");
  spec.working_dir = folder_.path() + "/gone";
  const ExitRecord record = Run(spec);
  EXPECT_EQ(record.reason, EndReason::kStartFailed);
  EXPECT_THAT(record.message, HasSubstr("/gone: No such file or directory"));
}

TEST_F(RunTest, PrintingNothingIsFine) {
  const ExitRecord record = Run(Shell("true"));
  EXPECT_TRUE(record.Succeeded());
  EXPECT_EQ(record.log_bytes, 0);
}

TEST_F(RunTest, NulBytesAndInvalidUtf8StayAsWritten) {
  EXPECT_TRUE(Run(Shell("printf 'a\\000b\\377\\n'")).Succeeded());
  EXPECT_EQ(Log(), std::string("a\0b\377\n", 5));
}

TEST_F(RunTest, FiftyMegabytesAtOnceAreAllThere) {
  constexpr int64_t kBytes = 50 << 20;
  const ExitRecord record = Run(Shell("yes 'a line of the log' | head -c 52428800"));
  EXPECT_TRUE(record.Succeeded());
  EXPECT_EQ(record.log_bytes, kBytes);
  LogTimesReader times(folder_.LogTimesFile());
  ASSERT_TRUE(times.Update().ok());
  EXPECT_EQ(times.covered(), kBytes);
  EXPECT_LE(times.MarksWithin(0, kBytes).size(), 2u + record.run_time_ms / 50);
}

TEST_F(RunTest, LinesGetTheTimeAtWhichTheyCame) {
  ASSERT_TRUE(Start(Shell("echo first; until [ -e go ]; do sleep 0.01; done; echo second")).ok());
  LogTimesReader times(folder_.LogTimesFile());
  ASSERT_TRUE(Eventually([&] { return times.Update().ok() && times.covered() == 6; }));
  const int64_t between = absl::ToUnixMillis(absl::Now());
  std::ofstream(folder_.path() + "/go") << "go";
  const ExitRecord record = WaitForEnd();
  ASSERT_TRUE(times.Update().ok());
  EXPECT_LE(*times.ArrivalOf(0), between);
  EXPECT_GE(*times.ArrivalOf(6), between);
  EXPECT_LE(*times.ArrivalOf(12), record.end_time_ms);
  EXPECT_EQ(times.covered(), record.log_bytes);
}

TEST_F(RunTest, ATruncatedLogKeepsItsOffsets) {
  ASSERT_TRUE(
      Start(Shell("echo 0123456789; until [ -e go ]; do sleep 0.01; done; "
                  "echo oops > /dev/stderr; until [ -e on ]; do sleep 0.01; done; echo end"))
          .ok());
  LogTimesReader times(folder_.LogTimesFile());
  ASSERT_TRUE(Eventually([&] { return times.Update().ok() && times.covered() == 11; }));
  std::ofstream(folder_.path() + "/go") << "go";
  ASSERT_TRUE(Eventually([&] { return Log().size() == 16; })) << Log();
  std::ofstream(folder_.path() + "/on") << "on";
  const ExitRecord record = WaitForEnd();
  EXPECT_EQ(record.log_truncations, 1);
  EXPECT_EQ(Log().substr(11), "oops\nend\n");
  EXPECT_EQ(record.log_bytes, 20);
}

TEST_F(RunTest, NothingIsInheritedFromUs) {
  setenv("LEAKED", "yes", 1);
  const int leaked = open("/dev/null", O_RDONLY);  // not close-on-exec
  EXPECT_TRUE(Run(Shell("echo leaked=$LEAKED; ls /proc/self/fd | wc -l")).Succeeded());
  close(leaked);
  // 0, 1 (a pipe here), 2 and the descriptor that ls reads the folder with.
  EXPECT_EQ(Log(), "leaked=\n4\n");
}

}  // namespace
}  // namespace xp::runner
