#include "client/xpctl/run/run_record.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>

#include "client/xpctl/run/begin_run.h"
#include "client/xpctl/run/run_request.h"
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
  record.git_commit = "c0ffee";
  ASSERT_TRUE(SaveRun(record).ok());
  ASSERT_EQ(PendingRuns(runs.path()), std::vector<std::string>{runs / "a"});
  const auto loaded = LoadRun(runs / "a");
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->git_commit, "c0ffee");
  EXPECT_EQ(loaded->metrics[0].regex, "f1=(\\S+)");
  EXPECT_EQ(loaded->command.size(), 3u);
  ASSERT_TRUE(RemoveRun(*loaded).ok());
  EXPECT_TRUE(PendingRuns(runs.path()).empty());
}

TEST(RunRecordTest, WhetherItsStarterIsGoneIsKnownOnItsOwnMachineOnly) {
  const auto here = RunStarter::ThisProcess();
  ASSERT_TRUE(here.ok()) << here.status();
  EXPECT_FALSE(here->IsGone());
  EXPECT_FALSE(RunStarter().IsGone()) << "not known";
  RunStarter ended = *here;
  ended.process.start_ticks -= 1;  // its pid was given to another
  EXPECT_TRUE(ended.IsGone());
  RunStarter in_a_container = ended;
  in_a_container.pid_namespace = "pid:[1]";
  EXPECT_FALSE(in_a_container.IsGone());
  RunStarter before_the_reboot = *here;
  before_the_reboot.process.boot_id = "another";
  EXPECT_TRUE(before_the_reboot.IsGone());
  RunStarter elsewhere = before_the_reboot;
  elsewhere.host += "-2";
  EXPECT_FALSE(elsewhere.IsGone());
}

TEST(RunRecordTest, ARunWithoutAGitStateIsOne) {
  const client::TempFolder runs;
  runs.Write("a/run.json",
             R"({"version": 1, "id": "i", "experiment": "e", "trial": "t", "command": ["true"],
                 "preset": "", "start_time_ms": 5, "metrics": []})");
  const auto loaded = LoadRun(runs / "a");
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->git_commit, "");
  EXPECT_EQ(loaded->start_time_ms, 5);
}

TEST(RunRecordTest, WhatIsNoRecordIsToldNotTrusted) {
  const client::TempFolder runs;
  runs.Write("bad/run.json", "{\"version\": 1}");
  runs.Write("new/run.json", "{\"version\": 2}");
  EXPECT_TRUE(absl::IsInvalidArgument(LoadRun(runs / "bad").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(LoadRun(runs / "new").status()));
  EXPECT_TRUE(absl::IsNotFound(LoadRun(runs / "none").status()));
}

TEST(RunRecordTest, WhatTheServerDoesNotWantWaitsNoLongerButStays) {
  const client::TempFolder runs;
  const RunRecord record = RecordIn(runs / "a");
  runs.Write("a/attempt/model/weights", "w");
  ASSERT_TRUE(SaveRun(record).ok());
  ASSERT_TRUE(DropRun(record).ok());
  EXPECT_TRUE(PendingRuns(runs.path()).empty());
  EXPECT_TRUE(std::filesystem::exists(runs / "a/attempt/model/weights"));
}

TEST(RunRecordTest, OnlyItsOwnWorkerCanTakeTheTrial) {
  const RunRecord record = RecordIn("/nowhere");
  const auto request = SubmitRequestOf(record);
  const auto& asked = request.trials(0).spec().resources().labels();
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_EQ(asked.at(kRunLabel), record.id);
  EXPECT_EQ(request.request_id(), SubmitRequestOf(record).request_id());
}

using Variables = std::map<std::string, std::string>;

Variables EnvironmentOf(const Variables& inherited) {
  const auto made = RunEnvironment(RecordIn("/runs/a"), "h:1", inherited);
  EXPECT_TRUE(made.ok()) << made.status();
  Variables variables;
  for (const std::string& entry : made.ok() ? *made : std::vector<std::string>()) {
    variables[entry.substr(0, entry.find('='))] = entry.substr(entry.find('=') + 1);
  }
  return variables;
}

TEST(RunEnvironmentTest, TheCommandSeesWhatAWorkerWouldGiveIt) {
  const Variables seen = EnvironmentOf({{"PATH", "/bin"}, {"XP_TOKEN", "secret"}});
  EXPECT_EQ(seen.at("XP_EXPERIMENT"), "e");
  EXPECT_EQ(seen.at("XP_TRIAL"), "t");
  EXPECT_EQ(seen.at("XP_SERVER"), "h:1");
  EXPECT_EQ(seen.at("XP_MODEL_DIR"), "/runs/a/attempt/model");
  EXPECT_EQ(seen.at("SM_MODEL_DIR"), seen.at("XP_MODEL_DIR"));
  EXPECT_EQ(seen.at("SM_OUTPUT_DATA_DIR"), seen.at("XP_OUTPUT_DIR"));
  EXPECT_EQ(seen.at("TRAINING_JOB_NAME"), "e-t");
  EXPECT_EQ(seen.at("PYTHONUNBUFFERED"), "1");
  EXPECT_EQ(seen.at("PATH"), "/bin");
  EXPECT_FALSE(seen.contains("XP_TOKEN"));
}

TEST(RunEnvironmentTest, ItsGpusAndItsOwnSettingsStayTheUsers) {
  EXPECT_FALSE(EnvironmentOf({}).contains("CUDA_VISIBLE_DEVICES"));
  const Variables two = EnvironmentOf({{"CUDA_VISIBLE_DEVICES", "1,3"}, {"PYTHONUNBUFFERED", ""}});
  EXPECT_EQ(two.at("CUDA_VISIBLE_DEVICES"), "1,3");
  EXPECT_EQ(two.at("SM_NUM_GPUS"), "2");
  EXPECT_EQ(two.at("PYTHONUNBUFFERED"), "");
  EXPECT_EQ(EnvironmentOf({{"CUDA_VISIBLE_DEVICES", ""}}).at("SM_NUM_GPUS"), "0");
}

}  // namespace
}  // namespace xp::xpctl
