// What a training knows of its GPU by NVML: how much memory there is, and readings in the metrics
// file while it runs. Needs LibTorch.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <filesystem>
#include <memory>

#include "worker/trainer/gpu_monitor.h"
#include "worker/trainer/train/trainer.h"

namespace xp::trainer {

struct GpuWatch {
  uint64_t memory = 0;                  // bytes; 0: not known
  std::unique_ptr<GpuMonitor> monitor;  // null: nothing is written
};

// Begins to write each 10 seconds, counting from `step`. Without a GPU, NVML or a metrics file
// there is nothing to watch, and nothing is said. environment.err must outlive the monitor.
GpuWatch WatchGpu(at::Device device, const RunEnvironment& environment,
                  const std::filesystem::path& metrics_file, uint64_t step);

}  // namespace xp::trainer
