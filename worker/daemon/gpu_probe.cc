#include "worker/daemon/gpu_probe.h"

#include <absl/strings/str_cat.h>
#include <dlfcn.h>

#include <memory>

namespace xp::daemon {
namespace {

// The little of nvml.h that is used; its ABI is stable (versioned names where it changed).
using Device = struct nvmlDevice_st*;
struct Memory {
  unsigned long long total, free, used;
};
constexpr int kSuccess = 0;
constexpr unsigned kTextMax = 96;

class Nvml {
 public:
  explicit Nvml(const std::string& library) : library_(dlopen(library.c_str(), RTLD_NOW)) {
    if (library_ == nullptr) return;
    init_ = Find<int()>("nvmlInit_v2");
    shutdown_ = Find<int()>("nvmlShutdown");
    driver_ = Find<int(char*, unsigned)>("nvmlSystemGetDriverVersion");
    count_ = Find<int(unsigned*)>("nvmlDeviceGetCount_v2");
    handle_ = Find<int(unsigned, Device*)>("nvmlDeviceGetHandleByIndex_v2");
    uuid_ = Find<int(Device, char*, unsigned)>("nvmlDeviceGetUUID");
    name_ = Find<int(Device, char*, unsigned)>("nvmlDeviceGetName");
    memory_ = Find<int(Device, Memory*)>("nvmlDeviceGetMemoryInfo");
  }
  ~Nvml() {
    if (library_ != nullptr) dlclose(library_);
  }
  Nvml(const Nvml&) = delete;
  Nvml& operator=(const Nvml&) = delete;

  GpuInventory Probe() {
    GpuInventory found;
    if (library_ == nullptr) {
      found.problem = "no NVIDIA driver";
      return found;
    }
    if (!init_ || !shutdown_ || !driver_ || !count_ || !handle_ || !uuid_ || !name_ || !memory_) {
      found.problem = "the NVIDIA driver's library lacks functions: is it very old?";
      return found;
    }
    if (const int code = init_(); code != kSuccess) {
      found.problem = absl::StrCat("the NVIDIA driver does not answer (NVML error ", code, ")");
      return found;
    }
    char text[kTextMax] = "";
    if (driver_(text, kTextMax) == kSuccess) found.driver = text;
    unsigned count = 0;
    if (count_(&count) != kSuccess) count = 0;
    for (unsigned index = 0; index < count; ++index) AddDevice(index, &found);
    if (found.gpus.empty()) found.problem = "the NVIDIA driver knows no GPU";
    shutdown_();
    return found;
  }

 private:
  template <class Function>
  Function* Find(const char* name) {
    return reinterpret_cast<Function*>(dlsym(library_, name));
  }

  // A GPU that fell off the bus has no handle: it is left out.
  void AddDevice(unsigned index, GpuInventory* found) {
    Device device;
    if (handle_(index, &device) != kSuccess) return;
    Gpu gpu{.index = static_cast<int>(index)};
    char text[kTextMax] = "";
    if (uuid_(device, text, kTextMax) == kSuccess) gpu.uuid = text;
    if (name_(device, text, kTextMax) == kSuccess) gpu.model = text;
    Memory memory = {};
    if (memory_(device, &memory) == kSuccess) gpu.memory_bytes = memory.total;
    found->gpus.push_back(std::move(gpu));
  }

  void* library_;
  int (*init_)() = nullptr;
  int (*shutdown_)() = nullptr;
  int (*driver_)(char*, unsigned) = nullptr;
  int (*count_)(unsigned*) = nullptr;
  int (*handle_)(unsigned, Device*) = nullptr;
  int (*uuid_)(Device, char*, unsigned) = nullptr;
  int (*name_)(Device, char*, unsigned) = nullptr;
  int (*memory_)(Device, Memory*) = nullptr;
};

}  // namespace

GpuInventory ProbeGpus(const std::string& library) { return Nvml(library).Probe(); }

}  // namespace xp::daemon
