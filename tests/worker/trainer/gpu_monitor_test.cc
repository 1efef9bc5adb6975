#include "worker/trainer/gpu_monitor.h"

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <fstream>
#include <future>
#include <sstream>

#include "tests/worker/trainer/temp_folder.h"

namespace xp::trainer {
namespace {

constexpr const char* kNvml = XP_FAKE_NVML;

// The library is loaded once, so this is the one that GpuProbe sees.
void FailReadings(int count) {
  void* const library = ::dlopen(kNvml, RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(library, nullptr) << ::dlerror();
  auto* const fail = reinterpret_cast<void (*)(int)>(::dlsym(library, "FailReadings"));
  ASSERT_NE(fail, nullptr) << ::dlerror();
  fail(count);
  ::dlclose(library);
}

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

constexpr const char* kLine = "{\"gpu_memory_mib\":3072,\"gpu_utilization\":87,\"step\":7}\n";

TEST(GpuLineTest, AUtilisationThatIsNotKnownIsLeftOut) {
  EXPECT_EQ(GpuLine({3ull << 30, 8ull << 30, std::nullopt}, 7),
            "{\"gpu_memory_mib\":3072,\"step\":7}\n");
}

std::string Content(const std::filesystem::path& file) {
  std::stringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

TEST(GpuMonitorTest, TheLastReadingIsWrittenUnderNamesOfItsOwn) {
  const TempFolder folder;
  const auto file = folder.path() / "metrics.jsonl";
  auto probe = GpuProbe::Open(1, "", kNvml);
  ASSERT_TRUE(probe.ok()) << probe.status();
  GpuMonitor monitor(*std::move(probe), file, std::chrono::hours(1),
                     [](const std::string& line) { ADD_FAILURE() << line; });
  monitor.set_step(7);
  monitor.Start();
  monitor.Stop();
  EXPECT_EQ(Content(file), kLine);
}

TEST(GpuMonitorTest, AReadingThatFailsIsSaidOnceAndTheSeriesGoesOn) {
  const TempFolder folder;
  const auto file = folder.path() / "metrics.jsonl";
  auto probe = GpuProbe::Open(1, "", kNvml);
  ASSERT_TRUE(probe.ok()) << probe.status();
  FailReadings(2);
  std::vector<std::string> said;
  std::promise<void> first_said;
  GpuMonitor monitor(*std::move(probe), file, std::chrono::milliseconds(1),
                     [&](const std::string& line) {
                       said.push_back(line);
                       if (said.size() == 1) first_said.set_value();
                     });
  monitor.set_step(7);
  monitor.Start();
  first_said.get_future().wait();
  FailReadings(0);
  monitor.Stop();
  EXPECT_TRUE(Content(file).starts_with(kLine)) << Content(file);
  ASSERT_EQ(said.size(), 1u);
  EXPECT_NE(said[0].find("code 15"), std::string::npos) << said[0];
}

}  // namespace
}  // namespace xp::trainer
