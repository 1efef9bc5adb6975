// What a worker is before it meets a server: its folder, its name, its slots, its flags.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "worker/daemon/config.h"
#include "worker/daemon/gpu_probe.h"
#include "worker/daemon/session.h"
#include "worker/daemon/slots.h"
#include "worker/daemon/work_dir.h"

namespace xp::daemon {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class WorkDirTest : public ::testing::Test {
 protected:
  WorkDirTest() {
    std::string path = ::testing::TempDir() + "xp_workdir_XXXXXX";
    root_ = mkdtemp(path.data());
  }
  ~WorkDirTest() override { std::filesystem::remove_all(root_); }
  std::string root_;
};

TEST_F(WorkDirTest, TheNameIsKept) {
  EXPECT_EQ(WorkDir::Open(root_, "", "host-1")->name(), "host-1");
  EXPECT_EQ(WorkDir::Open(root_, "", "host-2")->name(), "host-1");
  EXPECT_EQ(WorkDir::Open(root_, "mine", "host-3")->name(), "mine");
  EXPECT_EQ(WorkDir::Open(root_, "", "host-4")->name(), "mine");
}

TEST_F(WorkDirTest, OneWorkerAtATime) {
  auto first = WorkDir::Open(root_, "", "a-1");
  ASSERT_TRUE(first.ok());
  const absl::Status second = WorkDir::Open(root_, "", "a-2").status();
  EXPECT_TRUE(absl::IsFailedPrecondition(second));
  EXPECT_THAT(std::string(second.message()), HasSubstr("another xpworker"));
}

TEST_F(WorkDirTest, ABadNameIsRefused) {
  EXPECT_TRUE(absl::IsInvalidArgument(WorkDir::Open(root_, "a b", "a-1").status()));
}

TEST(FreshWorkerNameTest, HostsBecomeNames) {
  EXPECT_EQ(FreshWorkerName("gpu-7.example.org", 0x12345), "gpu-7-2345");
  EXPECT_THAT(FreshWorkerName("..", 1), StartsWith("worker-"));
  EXPECT_THAT(FreshWorkerName("", 1), StartsWith("worker-"));
}

TEST(AttemptPathsTest, AUidThatIsNoFolderNameIsRefused) {
  const WorkPaths work("/w");
  v1::AttemptId attempt;
  attempt.set_number(1);
  attempt.set_trial_uid("../../etc");
  EXPECT_FALSE(work.Attempt(attempt).ok());
  attempt.set_trial_uid("abc");
  EXPECT_EQ(work.Attempt(attempt)->root(), "/w/attempts/abc-1");
}

GpuInventory TwoGpus() {
  return {.gpus = {{.index = 0, .uuid = "GPU-a", .model = "M", .memory_bytes = 8},
                   {.index = 1, .uuid = "GPU-b", .model = "M", .memory_bytes = 8}}};
}

TEST(SlotsTest, GpusAreTheSlots) {
  const auto slots = ChooseSlots({}, TwoGpus());
  ASSERT_TRUE(slots.ok());
  ASSERT_EQ(slots->size(), 2u);
  EXPECT_EQ((*slots)[1].device(), "GPU-b");
  EXPECT_EQ((*slots)[1].index(), 1);
  EXPECT_EQ((*slots)[1].kind(), v1::SLOT_KIND_GPU);
}

TEST(SlotsTest, WithoutGpusThereIsACpuSlotAndMoreWhenAsked) {
  EXPECT_EQ(ChooseSlots({}, {})->size(), 1u);
  EXPECT_EQ(ChooseSlots({.cpu_slots = 3}, {})->size(), 3u);
  EXPECT_EQ(ChooseSlots({.gpus = "none", .cpu_slots = 3}, TwoGpus())->size(), 3u);
  EXPECT_EQ(ChooseSlots({.cpu_slots = 3}, TwoGpus())->size(), 5u);
}

TEST(SlotsTest, GpusAreChosenByIndexAndMustBeThere) {
  EXPECT_EQ(ChooseSlots({.gpus = "1"}, TwoGpus())->front().device(), "GPU-b");
  const absl::Status status = ChooseSlots({.gpus = "2"}, TwoGpus()).status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("no GPU 2"));
  EXPECT_TRUE(absl::IsInvalidArgument(ChooseSlots({.gpus = "all"}, TwoGpus()).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(ChooseSlots({.cpu_slots = -1}, {}).status()));
}

TEST(GpuProbeTest, WithoutTheDriverThereAreNoneAndNothingBreaks) {
  const GpuInventory found = ProbeGpus("libno-such-driver.so.1");
  EXPECT_TRUE(found.gpus.empty());
  EXPECT_THAT(found.problem, HasSubstr("no NVIDIA driver"));
}

TEST(ConfigTest, FlagsAreTaken) {
  const char* argv[] = {"xpworker", "--server", "a:1",  "--work-dir", "/w",     "--slots",
                        "2",        "--gpus",   "none", "--label",    "zone=b", "--once"};
  const auto parsed = ParseCommandLine(std::size(argv), argv);
  const auto* config = std::get_if<Config>(&parsed);
  ASSERT_NE(config, nullptr);
  EXPECT_EQ(config->server, "a:1");
  EXPECT_EQ(config->slots.cpu_slots, 2);
  EXPECT_EQ(config->labels.at("zone"), "b");
  EXPECT_EQ(config->when_idle, WhenIdle::kLeave);
}

TEST(ConfigTest, BadArgumentsEndWith64AndHelpWith0) {
  const char* unknown[] = {"xpworker", "--work-dir", "/w", "--no-such-flag"};
  EXPECT_EQ(std::get<int>(ParseCommandLine(std::size(unknown), unknown)), 64);
  const char* label[] = {"xpworker", "--work-dir", "/w", "--label", "novalue"};
  EXPECT_EQ(std::get<int>(ParseCommandLine(std::size(label), label)), 64);
  const char* help[] = {"xpworker", "--help"};
  EXPECT_EQ(std::get<int>(ParseCommandLine(std::size(help), help)), 0);
}

TEST(SessionOptionsTest, AServerThatIsBackIsFoundInHalfASecondHoweverLongItWasAway) {
  client::RetryEnvironment environment;
  environment.random = [] { return 0.999; };
  const client::Retrier retrier(SessionOptions().backoff, environment);
  EXPECT_LE(retrier.Pause(1), absl::Milliseconds(100));
  for (const int failures : {10, 1000}) {
    EXPECT_LE(retrier.Pause(failures), absl::Milliseconds(500));
  }
  EXPECT_LE(SessionChannelOptions().reconnect_max, absl::Milliseconds(500));
}

}  // namespace
}  // namespace xp::daemon
