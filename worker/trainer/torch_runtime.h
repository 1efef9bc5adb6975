// The edge to LibTorch: device, threads, seeds, autocast, and its exceptions as statuses. Needs
// LibTorch; its state is the process's own (the library keeps it global).
#pragma once

#include <ATen/ATen.h>

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <functional>
#include <string>
#include <string_view>

namespace xp::trainer {

// "auto" (a GPU where there is one), "cpu", "cuda", "cuda:1". INVALID_ARGUMENT for other names,
// FAILED_PRECONDITION for a GPU that is not there.
absl::StatusOr<at::Device> ChooseDevice(std::string_view name);

// 0: OMP_NUM_THREADS, else SM_NUM_CPUS, else the processors that this process may use
// (machine_limits.h), never more than those. Returns the number in use; INTERNAL where LibTorch
// cannot make out the processor.
absl::StatusOr<int> SetThreads(int threads);

void SeedAll(uint64_t seed);

// The generators' states, for a checkpoint: CPU, then the GPU's when one is used.
at::Tensor RandomState(at::Device device);  // uint8
// DATA_LOSS: `state` is none.
absl::Status SetRandomState(at::Device device, const at::Tensor& state);

// What matrix products are computed in.
enum class Precision { kFloat32, kBFloat16, kFloat16 };

// "fp32", "bf16", "fp16".
std::string_view PrecisionName(Precision precision);

// What LibTorch's autocast is set to on this thread for the device's kind.
Precision CurrentAutocast(at::Device device);

// Within its life, LibTorch's autocast: matrix products in the precision, the rest in float32; then
// what it was before.
class Autocast {
 public:
  Autocast(at::Device device, Precision precision);
  ~Autocast();
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  const at::Device device_;
  const Precision before_;
};

// Runs `body`; what LibTorch throws becomes RESOURCE_EXHAUSTED (out of memory; `what` says what
// was being done) or INTERNAL with its message's first line.
absl::Status CatchTorch(std::string_view what, const std::function<absl::Status()>& body);

}  // namespace xp::trainer
