#include "client/xpctl/run/run_record.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "client/xpctl/run/run_messages.h"
#include "tests/client/cpp/temp_folder.h"

namespace xp::xpctl {
namespace {

RunRecord RecordIn(const std::string& folder) {
  RunRecord record;
  record.folder = folder;
  record.id = "20260101-000000-abc";
  record.experiment = "e";
  record.trial = "t";
  record.command = {"sh", "-c", "echo \"f1=0.9\"\xff"};
  record.metrics = {{"f1", "f1=(\\S+)", ""}};
  return record;
}

TEST(RunRecordTest, WhatAKilledRunLeavesIsTakenUp) {
  const client::TempFolder runs;
  RunRecord record = RecordIn(runs / "a");
  std::filesystem::create_directories(record.folder);
  std::filesystem::create_directories(runs / "half-made");
  ASSERT_TRUE(SaveRun(record).ok());
  record.trial_uid = "t-1";
  record.attempt = 1;
  ASSERT_TRUE(SaveRun(record).ok());
  ASSERT_EQ(PendingRuns(runs.path()), std::vector<std::string>{runs / "a"});
  const auto loaded = LoadRun(runs / "a");
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->trial_uid, "t-1");
  EXPECT_EQ(loaded->metrics[0].regex, "f1=(\\S+)");
  EXPECT_EQ(loaded->command.size(), 3u);
  ASSERT_TRUE(RemoveRun(*loaded).ok());
  EXPECT_TRUE(PendingRuns(runs.path()).empty());
}

TEST(RunRecordTest, WhatIsNoRecordIsToldNotTrusted) {
  const client::TempFolder runs;
  runs.Write("bad/run.json", "{\"version\": 1}");
  runs.Write("new/run.json", "{\"version\": 2}");
  EXPECT_TRUE(absl::IsInvalidArgument(LoadRun(runs / "bad").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(LoadRun(runs / "new").status()));
  EXPECT_TRUE(absl::IsNotFound(LoadRun(runs / "none").status()));
}

TEST(RunRecordTest, OnlyItsOwnWorkerCanTakeTheTrial) {
  const RunRecord record = RecordIn("/nowhere");
  const auto request = SubmitRequestOf(record);
  const auto hello = HelloOf(record, absl::UnixEpoch()).hello();
  const auto& asked = request.trials(0).spec().resources().labels();
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_EQ(hello.labels().at(asked.begin()->first), asked.begin()->second);
  EXPECT_EQ(request.request_id(), SubmitRequestOf(record).request_id());
}

}  // namespace
}  // namespace xp::xpctl
