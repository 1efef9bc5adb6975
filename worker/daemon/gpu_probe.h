// The NVIDIA GPUs of this machine, through NVML loaded at run time: a machine without the driver
// has none, and that is no error. Free functions; safe from any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace xp::daemon {

struct Gpu {
  int index = 0;      // as nvidia-smi counts
  std::string uuid;   // "GPU-..."; what CUDA_VISIBLE_DEVICES takes
  std::string model;  // "NVIDIA H200"
  uint64_t memory_bytes = 0;
};

struct GpuInventory {
  std::vector<Gpu> gpus;
  std::string driver;   // its version; empty without one
  std::string problem;  // why there are none, for people; empty when there are some
};

GpuInventory ProbeGpus(const std::string& library = "libnvidia-ml.so.1");

}  // namespace xp::daemon
