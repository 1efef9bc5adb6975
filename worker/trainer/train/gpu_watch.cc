#include "worker/trainer/train/gpu_watch.h"

#include <utility>

namespace xp::trainer {
namespace {

constexpr std::chrono::seconds kReadingEvery(10);

}  // namespace

GpuWatch WatchGpu(at::Device device, const RunEnvironment& environment,
                  const std::filesystem::path& metrics_file, uint64_t step) {
  GpuWatch watch;
  if (!device.is_cuda()) return watch;
  auto probe = GpuProbe::Open(device.index(), environment.visible_gpus);
  if (!probe.ok()) return watch;
  if (const auto reading = (*probe)->Read(); reading.ok()) watch.memory = reading->memory_total;
  if (metrics_file.empty()) return watch;
  watch.monitor = std::make_unique<GpuMonitor>(*std::move(probe), metrics_file, kReadingEvery,
                                               [err = environment.err](const std::string& line) {
                                                 *err << "xptrain: " + line + "\n" << std::flush;
                                               });
  watch.monitor->set_step(step);
  watch.monitor->Start();
  return watch;
}

}  // namespace xp::trainer
