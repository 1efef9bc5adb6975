// How full and how busy a GPU is, asked of NVML (the driver's own library), which is loaded when it
// is there. One owner.
#pragma once

#include <absl/status/statusor.h>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace xp::trainer {

struct GpuReading {
  uint64_t memory_used = 0;   // bytes, of all processes
  uint64_t memory_total = 0;  // bytes
  // Per cent of the last sample period that a kernel ran; none where NVML does not say (MIG).
  std::optional<uint32_t> utilization;
};

class GpuProbe {
 public:
  // `device`: LibTorch's number of the GPU. `visible`: CUDA_VISIBLE_DEVICES ("" when it is not
  // set), which says which GPU that number is. NOT_FOUND: no such library, or no such GPU.
  // LibTorch's numbers are NVML's where CUDA_DEVICE_ORDER=PCI_BUS_ID or all GPUs are alike.
  static absl::StatusOr<std::unique_ptr<GpuProbe>> Open(
      int device, const std::string& visible, const std::string& library = "libnvidia-ml.so.1");
  ~GpuProbe();
  GpuProbe(const GpuProbe&) = delete;
  GpuProbe& operator=(const GpuProbe&) = delete;

  absl::StatusOr<GpuReading> Read() const;  // UNAVAILABLE: NVML does not answer

 private:
  struct Functions;
  GpuProbe(std::unique_ptr<Functions> functions, void* handle);

  const std::unique_ptr<Functions> functions_;
  void* const handle_;  // NVML's
};

}  // namespace xp::trainer
