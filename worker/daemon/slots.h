// The slots that this worker offers: its GPUs, or CPU slots where there are none.
// Errors: INVALID_ARGUMENT, saying what would be accepted.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <vector>

#include "worker/daemon/gpu_probe.h"
#include "xp/v1/workers.pb.h"

namespace xp::daemon {

struct SlotChoice {
  std::string gpus = "auto";  // "auto", "none", or indices: "0,2"
  int cpu_slots = 0;          // 0: none beside GPUs, one without
};

// `probe` is asked unless `gpus` is "none". What "0,2" names must be there.
absl::StatusOr<std::vector<v1::Slot>> ChooseSlots(const SlotChoice& choice,
                                                  const GpuInventory& inventory);

}  // namespace xp::daemon
