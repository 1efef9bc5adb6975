#include "worker/trainer/memory_pool.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <map>

#include "tests/worker/trainer/temp_folder.h"
#include "worker/trainer/data/batch_plan.h"
#include "worker/trainer/machine_limits.h"
#include "worker/trainer/train/memory_plan.h"

namespace xp::trainer {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMiB = uint64_t{1} << 20;

TEST(MemoryPoolTest, WhatIsFreedIsTakenAgain) {
  MemoryPool pool(64 * kMiB);
  ASSERT_TRUE(pool.usable());
  void* const first = pool.Allocate(10 * kMiB);
  ASSERT_NE(first, nullptr);
  EXPECT_TRUE(pool.Owns(first));
  EXPECT_EQ(pool.used(), 10 * kMiB);
  pool.Free(first);
  EXPECT_EQ(pool.used(), 0u);
  EXPECT_EQ(pool.Allocate(10 * kMiB), first);
  EXPECT_EQ(pool.peak(), 10 * kMiB);
}

TEST(MemoryPoolTest, NeighboursAreJoinedSoThatALargerOneFits) {
  MemoryPool pool(30 * kMiB);
  void* blocks[3];
  for (void*& block : blocks) block = pool.Allocate(10 * kMiB);
  EXPECT_EQ(pool.Allocate(1), nullptr) << "the limit is reached";
  pool.Free(blocks[0]);
  pool.Free(blocks[2]);
  EXPECT_EQ(pool.Allocate(11 * kMiB), nullptr) << "20 MiB are free, but not in one piece";
  pool.Free(blocks[1]);
  EXPECT_NE(pool.Allocate(30 * kMiB), nullptr);
}

TEST(MemoryPoolTest, BeyondTheLimitNothingChanges) {
  MemoryPool pool(4 * kMiB);
  EXPECT_EQ(pool.Allocate(5 * kMiB), nullptr);
  EXPECT_EQ(pool.used(), 0u);
  EXPECT_NE(pool.Allocate(4 * kMiB), nullptr);
  EXPECT_FALSE(MemoryPool(0).usable());
}

TEST(MemoryPoolTest, BlocksNeverOverlapWhateverTheOrder) {
  MemoryPool pool(64 * kMiB);
  SplitMix64 random(7);
  std::map<char*, std::pair<uint64_t, char>> taken;
  for (int i = 0; i < 3000; ++i) {
    if (taken.empty() || random.Below(2) == 0) {
      const uint64_t bytes = 1 + random.Below(kMiB);
      auto* const block = static_cast<char*>(pool.Allocate(bytes));
      if (block == nullptr) continue;
      ASSERT_EQ(reinterpret_cast<uintptr_t>(block) % 64, 0u);
      const char mark = char(i);
      std::memset(block, mark, 1);
      block[bytes - 1] = mark;
      const auto next = taken.lower_bound(block);
      if (next != taken.end()) {
        ASSERT_LE(block + bytes, next->first);
      }
      if (next != taken.begin()) {
        const auto before = std::prev(next);
        ASSERT_LE(before->first + before->second.first, block);
      }
      taken[block] = {bytes, mark};
    } else {
      auto it = taken.begin();
      std::advance(it, long(random.Below(taken.size())));
      ASSERT_EQ(it->first[0], it->second.second);
      ASSERT_EQ(it->first[it->second.first - 1], it->second.second);
      pool.Free(it->first);
      taken.erase(it);
    }
  }
}

class MachineLimitsTest : public testing::Test {
 protected:
  void Write(const std::string& file, const std::string& content) {
    fs::create_directories((dir_ / file).parent_path());
    std::ofstream(dir_ / file) << content;
  }
  SystemFiles Files() const { return {dir_ / "proc", dir_ / "cgroup"}; }

  const TempFolder folder_;
  const fs::path& dir_ = folder_.path();
};

TEST_F(MachineLimitsTest, TheMachinesMemoryWhereThereIsNoGroup) {
  Write("proc/meminfo", "MemTotal: 100 kB\nMemAvailable:    2048 kB\n");
  EXPECT_EQ(AvailableMemory(Files()), 2 * kMiB);
  EXPECT_GE(AvailableProcessors(Files()), 1);
}

TEST_F(MachineLimitsTest, TheTightestGroupCountsAndCachedFilesDoNot) {
  Write("proc/meminfo", "MemAvailable: 1048576 kB\n");
  Write("proc/self/cgroup", "0::/outer/inner\n");
  Write("cgroup/outer/memory.max", std::to_string(100 * kMiB) + "\n");
  Write("cgroup/outer/memory.current", std::to_string(60 * kMiB) + "\n");
  Write("cgroup/outer/memory.stat",
        "anon 5\ninactive_file " + std::to_string(20 * kMiB) + "\ninactive_anon 9\n");
  Write("cgroup/outer/inner/memory.max", "max\n");
  EXPECT_EQ(AvailableMemory(Files()), 60 * kMiB);
}

TEST_F(MachineLimitsTest, AQuotaOfHalfAProcessorIsOneProcessor) {
  Write("proc/self/cgroup", "0::/\n");
  Write("cgroup/cpu.max", "50000 100000\n");
  EXPECT_EQ(AvailableProcessors(Files()), 1);
}

TEST_F(MachineLimitsTest, VersionOneOfTheGroups) {
  Write("proc/meminfo", "MemAvailable: 1048576 kB\n");
  Write("proc/self/cgroup", "4:memory:/job\n1:cpu:/job\n");
  Write("cgroup/memory/job/memory.limit_in_bytes", std::to_string(8 * kMiB));
  Write("cgroup/memory/job/memory.usage_in_bytes", std::to_string(3 * kMiB));
  Write("cgroup/cpu/job/cpu.cfs_quota_us", "-1");
  EXPECT_EQ(AvailableMemory(Files()), 5 * kMiB);
}

TEST_F(MachineLimitsTest, VersionOneMountsSeveralControllersTogether) {
  Write("proc/self/cgroup", "4:cpu,cpuacct:/job\n1:name=systemd:/0::/cpu/other\n0::/\n");
  Write("cgroup/cpu,cpuacct/job/cpu.cfs_quota_us", "100000");
  Write("cgroup/cpu,cpuacct/job/cpu.cfs_period_us", "100000");
  EXPECT_EQ(AvailableProcessors(Files()), 1);
  fs::create_directory_symlink("cpu,cpuacct", dir_ / "cgroup/cpu");
  EXPECT_EQ(AvailableProcessors(Files()), 1);
}

TEST_F(MachineLimitsTest, AGroupsNameThatLooksLikeALineIsNone) {
  Write("proc/meminfo", "MemAvailable: 1048576 kB\n");
  Write("proc/self/cgroup", "0::/job\n3:memory:/x0::/other:memory:/third\n");
  Write("cgroup/job/memory.max", std::to_string(8 * kMiB));
  Write("cgroup/other:memory:/third/memory.max", std::to_string(4 * kMiB));
  EXPECT_EQ(AvailableMemory(Files()), 8 * kMiB);
}

TEST(MemoryPlanTest, SaysHowManyFitAndWhatToType) {
  const ModelConfig distilbert;  // the published dimensions
  EXPECT_NEAR(double(FixedBytes(distilbert)), 67e6 * 16, 2e7);
  MemoryPlanInput input;
  input.tokens = 512;
  const uint64_t each = BytesPerExample(distilbert, input);
  const uint64_t limit = FixedBytes(distilbert) + 5 * each + each / 2;
  const std::string advice = MemoryAdvice(distilbert, input, limit, 32);
  EXPECT_NE(advice.find("about 5 such examples fit"), std::string::npos) << advice;
  EXPECT_NE(advice.find("--train_batch_size 5 --gradient_accumulation_steps 7"), std::string::npos);
  EXPECT_NE(advice.find("--gradient_checkpointing"), std::string::npos);
  input.recomputing = true;
  EXPECT_LT(BytesPerExample(distilbert, input), each / 3);
}

TEST(MemoryPlanTest, AnEvaluationIsToldOfItsOwnBatches) {
  const ModelConfig distilbert;
  MemoryPlanInput input;
  input.tokens = 512;
  const uint64_t training = BytesPerExample(distilbert, input);
  input.purpose = MemoryPurpose::kEvaluation;
  const uint64_t each = BytesPerExample(distilbert, input);
  EXPECT_LT(each, training / 3);
  const std::string advice =
      MemoryAdvice(distilbert, input, FixedBytes(distilbert) + 5 * each + each / 2, 512);
  EXPECT_NE(advice.find(": --eval_batch_size 5;"), std::string::npos) << advice;
  EXPECT_EQ(advice.find("--gradient"), std::string::npos) << advice;
}

TEST(MemoryPlanTest, AttentionWeightsThatAreNotMadeTakeNothing) {
  const ModelConfig distilbert;
  MemoryPlanInput input;
  input.tokens = 512;
  const uint64_t with = BytesPerExample(distilbert, input);
  input.attention_weights = false;
  EXPECT_LT(BytesPerExample(distilbert, input), with * 2 / 3);
}

}  // namespace
}  // namespace xp::trainer
