#include "worker/daemon/slots.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include <algorithm>

namespace xp::daemon {
namespace {

constexpr int kCpuSlotsMax = 1024;

v1::Slot GpuSlot(const Gpu& gpu) {
  v1::Slot slot;
  slot.set_kind(v1::SLOT_KIND_GPU);
  slot.set_device(gpu.uuid.empty() ? absl::StrCat(gpu.index) : gpu.uuid);
  slot.set_model(gpu.model);
  slot.set_memory_bytes(gpu.memory_bytes);
  return slot;
}

absl::StatusOr<std::vector<Gpu>> ChooseGpus(const std::string& gpus,
                                            const GpuInventory& inventory) {
  if (gpus == "none") return std::vector<Gpu>();
  if (gpus == "auto" || gpus.empty()) return inventory.gpus;
  std::vector<Gpu> chosen;
  for (const auto& word : absl::StrSplit(gpus, ',')) {
    int index;
    if (!absl::SimpleAtoi(word, &index)) {
      return absl::InvalidArgumentError(
          absl::StrCat("--gpus: found \"", gpus, "\", expected auto, none or indices such as 0,1"));
    }
    const auto found = std::find_if(inventory.gpus.begin(), inventory.gpus.end(),
                                    [&](const Gpu& gpu) { return gpu.index == index; });
    if (found == inventory.gpus.end()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "--gpus: there is no GPU ", index, " on this machine (", inventory.gpus.size(), " found",
          inventory.problem.empty() ? "" : ": ", inventory.problem, ")"));
    }
    chosen.push_back(*found);
  }
  return chosen;
}

}  // namespace

absl::StatusOr<std::vector<v1::Slot>> ChooseSlots(const SlotChoice& choice,
                                                  const GpuInventory& inventory) {
  if (choice.cpu_slots < 0 || choice.cpu_slots > kCpuSlotsMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("--slots: found ", choice.cpu_slots, ", expected 1 to ", kCpuSlotsMax));
  }
  auto gpus = ChooseGpus(choice.gpus, inventory);
  if (!gpus.ok()) return gpus.status();
  std::vector<v1::Slot> slots;
  for (const Gpu& gpu : *gpus) slots.push_back(GpuSlot(gpu));
  const int cpus = gpus->empty() ? std::max(1, choice.cpu_slots) : choice.cpu_slots;
  for (int i = 0; i < cpus; ++i) slots.emplace_back().set_kind(v1::SLOT_KIND_CPU);
  for (size_t i = 0; i < slots.size(); ++i) slots[i].set_index(static_cast<int>(i));
  return slots;
}

}  // namespace xp::daemon
