#include "worker/trainer/gpu_reading.h"

#include <dlfcn.h>

#include <absl/strings/str_format.h>
#include <charconv>
#include <utility>
#include <vector>

namespace xp::trainer {
namespace {

// The entry of CUDA_VISIBLE_DEVICES that LibTorch's number `device` stands for.
std::string Entry(int device, const std::string& visible) {
  if (visible.empty()) return std::to_string(device);
  size_t begin = 0;
  for (int i = 0; i < device; ++i) {
    const size_t comma = visible.find(',', begin);
    if (comma == visible.npos) return "";
    begin = comma + 1;
  }
  return visible.substr(begin, visible.find(',', begin) - begin);
}

}  // namespace

// What is used of nvml.h, whose ABI is stable: nvmlReturn_t is an enum with 0 for success,
// nvmlDevice_t a pointer.
struct GpuProbe::Functions {
  struct Memory {
    unsigned long long total, free, used;
  };
  struct Utilization {
    unsigned int gpu, memory;
  };

  void* library = nullptr;
  int (*init)() = nullptr;
  int (*shutdown)() = nullptr;
  int (*by_index)(unsigned int, void**) = nullptr;
  int (*by_uuid)(const char*, void**) = nullptr;
  int (*memory)(void*, Memory*) = nullptr;
  int (*utilization)(void*, Utilization*) = nullptr;
  bool started = false;

  ~Functions() {
    if (started) shutdown();
    if (library != nullptr) ::dlclose(library);
  }

  template <typename Function>
  bool Find(const char* name, Function& function) {
    function = reinterpret_cast<Function>(::dlsym(library, name));
    return function != nullptr;
  }
};

GpuProbe::GpuProbe(std::unique_ptr<Functions> functions, void* handle)
    : functions_(std::move(functions)), handle_(handle) {}

GpuProbe::~GpuProbe() = default;

absl::StatusOr<std::unique_ptr<GpuProbe>> GpuProbe::Open(int device, const std::string& visible,
                                                         const std::string& library) {
  auto f = std::make_unique<Functions>();
  f->library = ::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (f->library == nullptr) return absl::NotFoundError("no NVML: " + library);
  if (!f->Find("nvmlInit_v2", f->init) || !f->Find("nvmlShutdown", f->shutdown) ||
      !f->Find("nvmlDeviceGetHandleByIndex_v2", f->by_index) ||
      !f->Find("nvmlDeviceGetHandleByUUID", f->by_uuid) ||
      !f->Find("nvmlDeviceGetMemoryInfo", f->memory) ||
      !f->Find("nvmlDeviceGetUtilizationRates", f->utilization)) {
    return absl::NotFoundError(library + " lacks a function of NVML");
  }
  if (const int code = f->init(); code != 0) {
    return absl::NotFoundError(absl::StrFormat("NVML does not start: code %d", code));
  }
  f->started = true;
  const std::string entry = Entry(device, visible);
  unsigned int index = 0;
  const auto [end, error] = std::from_chars(entry.data(), entry.data() + entry.size(), index);
  const bool is_number = error == std::errc() && end == entry.data() + entry.size();
  void* handle = nullptr;
  const int code = is_number ? f->by_index(index, &handle) : f->by_uuid(entry.c_str(), &handle);
  if (code != 0) {
    return absl::NotFoundError(absl::StrFormat("NVML knows no GPU '%s': code %d", entry, code));
  }
  return std::unique_ptr<GpuProbe>(new GpuProbe(std::move(f), handle));
}

absl::StatusOr<GpuReading> GpuProbe::Read() const {
  Functions::Memory memory{};
  Functions::Utilization utilization{};
  if (const int code = functions_->memory(handle_, &memory); code != 0) {
    return absl::UnavailableError(absl::StrFormat("NVML: no memory reading: code %d", code));
  }
  GpuReading reading{memory.used, memory.total, std::nullopt};
  if (functions_->utilization(handle_, &utilization) == 0) reading.utilization = utilization.gpu;
  return reading;
}

}  // namespace xp::trainer
