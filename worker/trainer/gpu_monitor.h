// Writes a GPU's readings into the metrics file while a training runs, as the series
// gpu_memory_mib and gpu_utilization: names that the log does not have, since a name found here
// takes precedence over the log's.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "worker/trainer/gpu_reading.h"

namespace xp::trainer {

// {"gpu_memory_mib": 1024, "gpu_utilization": 87, "step": 7}
std::string GpuLine(const GpuReading& reading, uint64_t step);

// Owner's thread: all but set_step, which is any thread's. The destructor stops. A reading that
// NVML does not give, or that cannot be written, is left out; the first such is said.
class GpuMonitor {
 public:
  GpuMonitor(std::unique_ptr<GpuProbe> probe, std::filesystem::path metrics_file,
             std::chrono::milliseconds every, std::function<void(const std::string& line)> say);
  ~GpuMonitor() { Stop(); }
  GpuMonitor(const GpuMonitor&) = delete;
  GpuMonitor& operator=(const GpuMonitor&) = delete;

  void Start();
  void Stop();  // joins; one last reading is written before
  void set_step(uint64_t step) { step_.store(step, std::memory_order_relaxed); }

 private:
  void Work();
  absl::Status Append();

  const std::unique_ptr<GpuProbe> probe_;
  const std::filesystem::path file_;
  const std::chrono::milliseconds every_;
  const std::function<void(const std::string& line)> say_;  // called on the monitor's own thread
  bool said_ = false;                                       // of that thread
  std::atomic<uint64_t> step_{0};

  std::mutex mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace xp::trainer
