// A stand-in for NVIDIA's libnvidia-ml.so.1: GPU 1, and GPU-abc, use 3 of 8 GiB at 87 %.
#include <atomic>

namespace {
int device = 1;
std::atomic<int> to_fail{0};
}  // namespace

extern "C" {
void FailReadings(int count) { to_fail = count; }  // the next ones
int nvmlInit_v2() { return 0; }
int nvmlShutdown() { return 0; }
int nvmlDeviceGetHandleByIndex_v2(unsigned int index, void** handle) {
  *handle = &device;
  return index == 1 ? 0 : 6;
}
int nvmlDeviceGetHandleByUUID(const char* uuid, void** handle) {
  *handle = &device;
  return uuid[0] == 'G' && uuid[4] == 'a' ? 0 : 6;
}
int nvmlDeviceGetMemoryInfo(void* handle, unsigned long long* total_free_used) {
  if (handle != &device) return 2;
  if (to_fail > 0) {
    --to_fail;
    return 15;  // NVML_ERROR_GPU_IS_LOST
  }
  total_free_used[0] = 8ull << 30;
  total_free_used[1] = 5ull << 30;
  total_free_used[2] = 3ull << 30;
  return 0;
}
int nvmlDeviceGetUtilizationRates(void* handle, unsigned int* gpu_memory) {
  if (handle != &device) return 2;
  gpu_memory[0] = 87;
  gpu_memory[1] = 12;
  return 0;
}
}
