#include "server/core/slot_pool.h"

#include <algorithm>
#include <utility>

namespace xp::core {
namespace {

size_t Needed(const ResourceNeed& need) {
  return need.gpus > 0 ? static_cast<size_t>(need.gpus) : 1;
}
Slot::Kind KindOf(const ResourceNeed& need) {
  return need.gpus > 0 ? Slot::Kind::kGpu : Slot::Kind::kCpu;
}

}  // namespace

SlotPool::SlotPool(std::vector<WorkerView> workers) : workers_(std::move(workers)) {
  for (const WorkerView& worker : workers_) places_.emplace_back(worker.slots.size());
}

SlotPool::Fit SlotPool::FitOf(size_t w, const ResourceNeed& need) const {
  Fit fit;
  fit.needed = Needed(need);
  for (size_t s = 0; s < workers_[w].slots.size(); ++s) {
    if (workers_[w].slots[s].kind != KindOf(need)) continue;
    ++fit.of_kind;
    if (!Suits(w, s, need)) continue;
    ++fit.suited;
    if (!Free(w, s)) continue;
    const std::string& kept_for = places_[w][s].kept_for;
    ++(kept_for.empty() ? fit.free : fit.kept);
    if (fit.kept_for.empty()) fit.kept_for = kept_for;
  }
  return fit;
}

std::string_view SlotPool::MissingLabel(size_t w, const ResourceNeed& need) const {
  const std::vector<std::string>& labels = workers_[w].labels;
  for (const std::string& label : need.labels) {
    if (std::find(labels.begin(), labels.end(), label) == labels.end()) return label;
  }
  return "";
}

bool SlotPool::NotFor(size_t w, const ResourceNeed& need) const {
  const std::string& only_for = workers_[w].only_for;
  return !only_for.empty() &&
         std::find(need.labels.begin(), need.labels.end(), only_for) == need.labels.end();
}

bool SlotPool::Eligible(size_t w, const ResourceNeed& need) const {
  return workers_[w].condition == WorkerView::Condition::kReady && !NotFor(w, need) &&
         MissingLabel(w, need).empty();
}

absl::Duration SlotPool::FreeIn(size_t w, const ResourceNeed& need) const {
  std::vector<absl::Duration> waits;
  for (size_t s = 0; s < workers_[w].slots.size(); ++s) {
    if (!Suits(w, s, need)) continue;
    const std::optional<absl::Duration>& busy_for = workers_[w].slots[s].busy_for;
    waits.push_back(places_[w][s].taken ? absl::InfiniteDuration()
                                        : busy_for.value_or(absl::ZeroDuration()));
  }
  std::sort(waits.begin(), waits.end());
  return waits[Needed(need) - 1];
}

std::vector<int> SlotPool::Take(size_t w, const ResourceNeed& need) {
  const std::vector<Slot>& slots = workers_[w].slots;
  std::vector<size_t> suited;
  for (size_t s = 0; s < slots.size(); ++s) {
    if (Suits(w, s, need) && Free(w, s) && places_[w][s].kept_for.empty()) suited.push_back(s);
  }
  std::stable_sort(suited.begin(), suited.end(), [&](size_t a, size_t b) {
    return slots[a].memory_bytes < slots[b].memory_bytes;
  });
  suited.resize(Needed(need));
  std::vector<int> taken;
  for (const size_t s : suited) {
    places_[w][s].taken = true;
    taken.push_back(slots[s].index);
  }
  std::sort(taken.begin(), taken.end());
  return taken;
}

void SlotPool::Keep(size_t w, const ResourceNeed& need, const std::string& name) {
  for (size_t s = 0; s < workers_[w].slots.size(); ++s) {
    Place& place = places_[w][s];
    if (Suits(w, s, need) && Free(w, s) && place.kept_for.empty()) place.kept_for = name;
  }
}

bool SlotPool::HasGpu(size_t w) const {
  return std::any_of(workers_[w].slots.begin(), workers_[w].slots.end(),
                     [](const Slot& slot) { return slot.kind == Slot::Kind::kGpu; });
}

bool SlotPool::Suits(size_t w, size_t slot, const ResourceNeed& need) const {
  const Slot& candidate = workers_[w].slots[slot];
  return candidate.kind == KindOf(need) &&
         (need.gpus <= 0 || candidate.memory_bytes >= need.gpu_memory_bytes);
}

bool SlotPool::Free(size_t w, size_t slot) const {
  return !workers_[w].slots[slot].busy_for.has_value() && !places_[w][slot].taken;
}

}  // namespace xp::core
