#include "worker/trainer/gpu_monitor.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

#include "worker/trainer/files.h"

namespace xp::trainer {

std::string GpuLine(const GpuReading& reading, uint64_t step) {
  nlohmann::ordered_json line = {{"gpu_memory_mib", reading.memory_used >> 20}};
  if (reading.utilization) line["gpu_utilization"] = *reading.utilization;
  line["step"] = step;
  return line.dump() + "\n";
}

GpuMonitor::GpuMonitor(std::unique_ptr<GpuProbe> probe, std::filesystem::path metrics_file,
                       std::chrono::milliseconds every,
                       std::function<void(const std::string& line)> say)
    : probe_(std::move(probe)),
      file_(std::move(metrics_file)),
      every_(every),
      say_(std::move(say)) {}

void GpuMonitor::Start() {
  thread_ = std::thread([this] { Work(); });
}

void GpuMonitor::Stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_.notify_all();
  thread_.join();
}

void GpuMonitor::Work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    const bool last = stop_.wait_for(lock, every_, [&] { return stopping_; });
    lock.unlock();
    if (const absl::Status status = Append(); !status.ok() && !std::exchange(said_, true)) {
      say_(std::string(status.message()) + "; readings of the GPU that fail are left out");
    }
    if (last) return;
    lock.lock();
  }
}

// One whole line in one write: others append to the file, too.
absl::Status GpuMonitor::Append() {
  const absl::StatusOr<GpuReading> reading = probe_->Read();
  if (!reading.ok()) return reading.status();
  std::ofstream out(file_, std::ios::binary | std::ios::app);
  out << GpuLine(*reading, step_.load(std::memory_order_relaxed)) << std::flush;
  return out.good() ? absl::OkStatus() : ErrnoStatus("cannot write", file_);
}

}  // namespace xp::trainer
