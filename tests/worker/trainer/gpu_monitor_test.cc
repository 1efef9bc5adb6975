#include "worker/trainer/gpu_monitor.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "tests/worker/trainer/temp_folder.h"

namespace xp::trainer {
namespace {

constexpr const char* kNvml = XP_FAKE_NVML;

TEST(GpuProbeTest, FollowsCudaVisibleDevices) {
  EXPECT_TRUE(GpuProbe::Open(1, "", kNvml).ok());
  EXPECT_FALSE(GpuProbe::Open(0, "", kNvml).ok());
  EXPECT_TRUE(GpuProbe::Open(0, "1,0", kNvml).ok());
  EXPECT_TRUE(GpuProbe::Open(1, "0,GPU-abc", kNvml).ok());
  EXPECT_FALSE(GpuProbe::Open(2, "0,1", kNvml).ok());
}

TEST(GpuProbeTest, AbsentLibraryIsNotFound) {
  EXPECT_TRUE(absl::IsNotFound(GpuProbe::Open(0, "", "libno-such-nvml.so.9").status()));
}

TEST(GpuMonitorTest, TheLastReadingIsWrittenUnderNamesOfItsOwn) {
  const TempFolder folder;
  const auto file = folder.path() / "metrics.jsonl";
  auto probe = GpuProbe::Open(1, "", kNvml);
  ASSERT_TRUE(probe.ok()) << probe.status();
  GpuMonitor monitor(*std::move(probe), file, std::chrono::hours(1));
  monitor.set_step(7);
  monitor.Start();
  monitor.Stop();
  std::stringstream text;
  text << std::ifstream(file).rdbuf();
  EXPECT_EQ(text.str(), "{\"gpu_memory_mib\":3072,\"gpu_utilization\":87,\"step\":7}\n");
}

}  // namespace
}  // namespace xp::trainer
