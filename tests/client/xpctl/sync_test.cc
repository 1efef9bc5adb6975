// xpctl sync: what it says and leaves of runs that it cannot deliver.
#include <gmock/gmock.h>

#include <filesystem>

#include "client/xpctl/run/run_record.h"
#include "tests/client/xpctl/xpctl_fixture.h"
#include "worker/runner/exit_record.h"
#include "worker/runner/file_io.h"

namespace xp::xpctl {
namespace {

using ::testing::HasSubstr;

class SyncTest : public XpctlTest {
 protected:
  SyncTest() { environment_["XP_RUNS_DIR"] = folder_ / "runs"; }

  // A run that has not begun; its folder.
  std::string AddRun() {
    RunRecord record;
    record.folder = folder_ / "runs/a";
    record.id = "a";
    record.experiment = "e";
    record.trial = "t";
    record.command = {"true"};
    std::filesystem::create_directories(record.Attempt().path());
    EXPECT_TRUE(SaveRun(record).ok());
    return record.folder;
  }
  std::string AddRunThatIsOver() {
    const std::string folder = AddRun();
    const runner::AttemptFolder attempt = LoadRun(folder)->Attempt();
    const std::string exit = runner::ExitRecordToJson({});
    EXPECT_TRUE(runner::WriteFileDurably(attempt.ExitFile(), exit).ok());
    return folder;
  }
};

TEST_F(SyncTest, WhateverTheServersErrorTheRunIsNamedAndKept) {
  const std::string folder = AddRunThatIsOver();
  for (const grpc::StatusCode code :
       {grpc::StatusCode::ABORTED, grpc::StatusCode::FAILED_PRECONDITION,
        grpc::StatusCode::INTERNAL}) {
    experiments_.refuse_submit = {code, "not now"};
    const Result result = Run("sync");
    EXPECT_EQ(result.code, 5) << code;
    EXPECT_THAT(result.err, HasSubstr("e/t was not delivered: not now; it is kept in " + folder));
    EXPECT_TRUE(LoadRun(folder).ok());
  }
}

TEST_F(SyncTest, ARunThatHasNotBegunIsLeftAlone) {
  AddRun();
  const Result result = Run("sync");
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.err, "");
  EXPECT_TRUE(experiments_.submitted.empty());
}

TEST_F(SyncTest, ADamagedRunIsNamedByItsFolder) {
  folder_.Write("runs/b/run.json", "{");
  const Result result = Run("sync");
  EXPECT_EQ(result.code, 5);
  EXPECT_THAT(result.err, HasSubstr("it is kept in " + folder_ / "runs/b"));
}

TEST_F(SyncTest, WhereNothingWaitsNoServerIsAsked) {
  environment_["XP_SERVER"] = "127.0.0.1:1";
  const Result result = Run("sync");
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.err, "nothing waits to be delivered\n");
}

}  // namespace
}  // namespace xp::xpctl
