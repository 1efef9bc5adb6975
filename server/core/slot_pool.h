// The slots of all workers while one placement is being planned: what is free, what is taken by the
// plan so far, what is kept for a trial that waited too long.
// Not thread safe; lives as long as one plan.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "server/core/placement.h"

namespace xp::core {

class SlotPool {
 public:
  explicit SlotPool(std::vector<WorkerView> workers);

  size_t size() const { return workers_.size(); }
  const WorkerView& worker(size_t w) const { return workers_[w]; }

  // How a worker's slots stand against a need.
  struct Fit {
    size_t needed = 0;
    size_t of_kind = 0;    // slots of the kind (GPU, CPU)
    size_t suited = 0;     // of these with memory enough
    size_t free = 0;       // of these neither busy nor kept
    size_t kept = 0;       // of these not busy, but kept for another trial
    std::string kept_for;  // the first of those trials, "E/T"

    bool CanEver() const { return suited >= needed; }
    bool Now() const { return free >= needed; }
  };
  Fit FitOf(size_t w, const ResourceNeed& need) const;

  // The first label of `need` that the worker lacks; "" when it has all.
  std::string_view MissingLabel(size_t w, const ResourceNeed& need) const;

  // The worker is there for other trials alone.
  bool NotFor(size_t w, const ResourceNeed& need) const;

  // Ready, for it, and has all labels.
  bool Eligible(size_t w, const ResourceNeed& need) const;

  // When `need` can be met at the latest, by what the busy slots say; call only where CanEver().
  absl::Duration FreeIn(size_t w, const ResourceNeed& need) const;

  // Takes free slots, of GPUs those with the least memory that is enough. Call only where Now().
  std::vector<int> Take(size_t w, const ResourceNeed& need);

  // Keeps what is free and suited for the trial called `name`.
  void Keep(size_t w, const ResourceNeed& need, const std::string& name);

  bool HasGpu(size_t w) const;

 private:
  struct Place {
    bool taken = false;    // by the plan
    std::string kept_for;  // empty: nobody
  };
  bool Suits(size_t w, size_t slot, const ResourceNeed& need) const;
  bool Free(size_t w, size_t slot) const;

  std::vector<WorkerView> workers_;
  std::vector<std::vector<Place>> places_;  // as workers_[w].slots
};

}  // namespace xp::core
