#include "worker/trainer/torch_runtime.h"

#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>
#include <dlfcn.h>
#include <torch/version.h>

#include <absl/strings/str_format.h>
#include <charconv>
#include <cstdlib>
#include <cstring>

#include "worker/trainer/machine_limits.h"

namespace xp::trainer {
namespace {

int FromEnvironment(const char* name) {
  const char* text = std::getenv(name);
  int value = 0;
  if (text != nullptr) std::from_chars(text, text + std::strlen(text), value);
  return value;
}

at::ScalarType TypeOf(Precision precision) {
  return precision == Precision::kFloat16 ? at::kHalf : at::kBFloat16;
}

void SetAutocast(at::Device device, Precision precision) {
  const bool on = precision != Precision::kFloat32;
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
  at::autocast::set_autocast_enabled(device.type(), on);
  if (on) at::autocast::set_autocast_dtype(device.type(), TypeOf(precision));
#else
  if (device.is_cuda()) {
    at::autocast::set_enabled(on);
    if (on) at::autocast::set_autocast_gpu_dtype(TypeOf(precision));
  } else {
    at::autocast::set_cpu_enabled(on);
    if (on) at::autocast::set_autocast_cpu_dtype(TypeOf(precision));
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
  const auto gpus = int(at::getNumGPUs());
  if (index < 0 || index >= gpus) {
    return absl::FailedPreconditionError(
        absl::StrFormat("--device '%s': this machine shows LibTorch %d GPUs, cuda:0 to cuda:%d",
                        name, gpus, gpus - 1));
  }
  return at::Device(at::kCUDA, at::DeviceIndex(index));
}

absl::StatusOr<int> SetThreads(int threads) {
  if (threads <= 0) threads = FromEnvironment("OMP_NUM_THREADS");
  if (threads <= 0) threads = FromEnvironment("SM_NUM_CPUS");
  const int most = AvailableProcessors();
  if (threads <= 0 || threads > most) threads = most;
  const absl::Status status = CatchTorch("setting the threads", [&] {
    at::set_num_threads(threads);
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  // OpenBLAS built on pthreads has a number of its own.
  using SetNumber = void (*)(int);
  const auto set = reinterpret_cast<SetNumber>(::dlsym(RTLD_DEFAULT, "openblas_set_num_threads"));
  if (set != nullptr) set(threads);
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
  const absl::Status status = CatchTorch("restoring random numbers", [&]() mutable {
    cpu.set_state(state.slice(0, 0, cpu_size).clone());
    if (device.is_cuda() && state.numel() > cpu_size) {
      at::Generator gpu = at::globalContext().defaultGenerator(device);
      gpu.set_state(state.slice(0, cpu_size).clone());
    }
    return absl::OkStatus();
  });
  // A generator refuses bytes that are no state of its kind.
  return absl::IsInternal(status) ? absl::DataLossError(std::string(status.message())) : status;
}

std::string_view PrecisionName(Precision precision) {
  switch (precision) {
    case Precision::kFloat32:
      return "fp32";
    case Precision::kBFloat16:
      return "bf16";
    case Precision::kFloat16:
      return "fp16";
  }
  return "";
}

Precision CurrentAutocast(at::Device device) {
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
  const bool on = at::autocast::is_autocast_enabled(device.type());
  const at::ScalarType type = at::autocast::get_autocast_dtype(device.type());
#else
  const bool gpu = device.is_cuda();
  const bool on = gpu ? at::autocast::is_enabled() : at::autocast::is_cpu_enabled();
  const at::ScalarType type =
      gpu ? at::autocast::get_autocast_gpu_dtype() : at::autocast::get_autocast_cpu_dtype();
#endif
  if (!on) return Precision::kFloat32;
  return type == at::kHalf ? Precision::kFloat16 : Precision::kBFloat16;
}

Autocast::Autocast(at::Device device, Precision precision)
    : device_(device), before_(CurrentAutocast(device)) {
  if (before_ != Precision::kFloat32 || precision != Precision::kFloat32) {
    SetAutocast(device_, precision);
  }
}

Autocast::~Autocast() {
  if (before_ != Precision::kFloat32 || CurrentAutocast(device_) != Precision::kFloat32) {
    SetAutocast(device_, before_);
  }
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
