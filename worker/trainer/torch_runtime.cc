#include "worker/trainer/torch_runtime.h"

#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>
#include <sched.h>
#include <torch/version.h>

#include <absl/strings/str_format.h>
#include <charconv>
#include <cstdlib>
#include <cstring>

namespace xp::trainer {
namespace {

int FromEnvironment(const char* name) {
  const char* text = std::getenv(name);
  int value = 0;
  if (text != nullptr) std::from_chars(text, text + std::strlen(text), value);
  return value;
}

int AllowedProcessors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  return ::sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

enum class Switch { kOn, kOff };

void SwitchAutocast(at::Device device, Switch to) {
  const bool on = to == Switch::kOn;
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
  at::autocast::set_autocast_enabled(device.type(), on);
  if (on) at::autocast::set_autocast_dtype(device.type(), at::kBFloat16);
#else
  if (device.is_cuda()) {
    at::autocast::set_enabled(on);
    if (on) at::autocast::set_autocast_gpu_dtype(at::kBFloat16);
  } else {
    at::autocast::set_cpu_enabled(on);
    if (on) at::autocast::set_autocast_cpu_dtype(at::kBFloat16);
  }
#endif
  if (!on) at::autocast::clear_cache();
}

}  // namespace

absl::StatusOr<at::Device> ChooseDevice(std::string_view name) {
  const bool gpu = at::globalContext().hasCUDA();
  if (name == "auto") return gpu ? at::Device(at::kCUDA, 0) : at::Device(at::kCPU);
  if (name == "cpu") return at::Device(at::kCPU);
  if (!name.starts_with("cuda")) {
    return absl::InvalidArgumentError(
        absl::StrFormat("--device '%s'; accepted: auto, cpu, cuda, cuda:N", name));
  }
  if (!gpu) {
    return absl::FailedPreconditionError(
        "--device cuda: this machine shows no GPU to LibTorch (or LibTorch was built without "
        "CUDA)");
  }
  int index = 0;
  if (name != "cuda") {
    const auto [end, error] = std::from_chars(name.data() + 5, name.data() + name.size(), index);
    if (name[4] != ':' || error != std::errc() || end != name.data() + name.size()) {
      return absl::InvalidArgumentError(
          absl::StrFormat("--device '%s'; accepted: auto, cpu, cuda, cuda:N", name));
    }
  }
  return at::Device(at::kCUDA, at::DeviceIndex(index));
}

int SetThreads(int threads) {
  if (threads <= 0) threads = FromEnvironment("OMP_NUM_THREADS");
  if (threads <= 0) threads = FromEnvironment("SM_NUM_CPUS");
  if (threads <= 0 || threads > AllowedProcessors()) threads = AllowedProcessors();
  at::set_num_threads(threads);
  return threads;
}

void SeedAll(uint64_t seed) { at::manual_seed(seed); }

at::Tensor RandomState(at::Device device) {
  at::Tensor state = at::globalContext().defaultGenerator(at::kCPU).get_state();
  if (!device.is_cuda()) return state;
  return at::cat({state, at::globalContext().defaultGenerator(device).get_state()});
}

absl::Status SetRandomState(at::Device device, const at::Tensor& state) {
  auto cpu = at::globalContext().defaultGenerator(at::kCPU);
  const int64_t cpu_size = cpu.get_state().numel();
  if (state.scalar_type() != at::kByte || state.numel() < cpu_size) {
    return absl::DataLossError("the state of the random numbers has the wrong size");
  }
  return CatchTorch("restoring random numbers", [&]() mutable {
    cpu.set_state(state.slice(0, 0, cpu_size).clone());
    if (device.is_cuda() && state.numel() > cpu_size) {
      at::Generator gpu = at::globalContext().defaultGenerator(device);
      gpu.set_state(state.slice(0, cpu_size).clone());
    }
    return absl::OkStatus();
  });
}

Autocast::Autocast(at::Device device, Precision precision)
    : device_(device), on_(precision != Precision::kFloat32) {
  if (on_) SwitchAutocast(device_, Switch::kOn);
}

Autocast::~Autocast() {
  if (on_) SwitchAutocast(device_, Switch::kOff);
}

absl::Status CatchTorch(std::string_view what, const std::function<absl::Status()>& body) {
  std::string message;
  try {
    return body();
  } catch (const c10::Error& error) {
    message = error.what_without_backtrace();
  } catch (const std::bad_alloc&) {
    message = "out of memory";
  } catch (const std::exception& error) {
    message = error.what();
  }
  message = message.substr(0, message.find('\n'));
  const bool memory = message.find("out of memory") != message.npos ||
                      message.find("DefaultCPUAllocator") != message.npos ||
                      message.find("not enough memory") != message.npos;
  message = absl::StrFormat("while %s: %s", what, message);
  return memory ? absl::ResourceExhaustedError(message) : absl::InternalError(message);
}

}  // namespace xp::trainer
