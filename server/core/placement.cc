#include "server/core/placement.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "server/core/slot_pool.h"
#include "server/core/text.h"

namespace xp::core {
namespace {

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string Gibibytes(uint64_t bytes) {
  return absl::StrFormat("%.1f GiB", static_cast<double>(bytes) / (1024.0 * 1024 * 1024));
}

std::string Describe(const ResourceNeed& need) {
  std::string text =
      need.gpus > 0 ? absl::StrCat(need.gpus, need.gpus == 1 ? " GPU" : " GPUs") : "one CPU slot";
  if (need.gpus > 0 && need.gpu_memory_bytes > 0) {
    absl::StrAppend(&text, " with ", Gibibytes(need.gpu_memory_bytes));
  }
  if (!need.labels.empty()) {
    absl::StrAppend(&text, " and label ", absl::StrJoin(need.labels, ", "));
  }
  return text;
}

// One walk through the queue. What does not fit once fits for no later trial of the same need, as
// slots only get scarcer: a long queue of equal trials costs one look each.
class Walk {
 public:
  Walk(std::vector<WaitingTrial> waiting, std::vector<WorkerView> workers,
       const PlacementSettings& settings)
      : settings_(settings), waiting_(std::move(waiting)), pool_(std::move(workers)) {
    std::sort(waiting_.begin(), waiting_.end(), [](const WaitingTrial& a, const WaitingTrial& b) {
      return std::make_tuple(-int64_t{a.priority}, a.order, a.id) <
             std::make_tuple(-int64_t{b.priority}, b.order, b.id);
    });
  }

  PlacementPlan Run() {
    PlacementPlan plan;
    for (const WaitingTrial& trial : waiting_) Step(trial, plan);
    return plan;
  }

  WaitExplanation Explain(TrialId id) {
    PlacementPlan plan;
    for (size_t i = 0; i < waiting_.size(); ++i) {
      const WaitingTrial& trial = waiting_[i];
      if (trial.id != id) {
        Step(trial, plan);
        continue;
      }
      WaitExplanation explanation;
      for (size_t w = 0; w < pool_.size(); ++w) {
        if (auto why = WhyNot(w, trial.need)) explanation.workers.push_back(*std::move(why));
      }
      const size_t assigned = plan.assignments.size();
      const size_t reserved = plan.reservations.size();
      Step(trial, plan);
      if (plan.assignments.size() > assigned) explanation.placed = plan.assignments.back();
      if (plan.reservations.size() > reserved) {
        explanation.reserved_worker = plan.reservations.back().worker;
      }
      explanation.summary = Summarise(explanation, trial, i - assigned);
      return explanation;
    }
    WaitExplanation missing;
    missing.summary = "it is not in the queue";
    return missing;
  }

 private:
  using Shape = std::tuple<int, uint64_t, std::vector<std::string>>;

  void Step(const WaitingTrial& trial, PlacementPlan& plan) {
    const Shape shape{trial.need.gpus, trial.need.gpu_memory_bytes, trial.need.labels};
    if (!stuck_.contains(shape)) {
      if (const std::optional<size_t> w = Choose(trial)) {
        plan.assignments.push_back(Assign(*w, trial));
        return;
      }
      stuck_.insert(shape);
    }
    if (trial.waited < settings_.reserve_after || !reserved_.insert(shape).second) return;
    if (const std::optional<size_t> w = Soonest(trial.need)) {
      pool_.Keep(*w, trial.need, trial.name);
      plan.reservations.push_back({trial.id, pool_.worker(*w).name});
    }
  }

  // The worker for `trial` now: none with a fault of it if there is another, then the one with its
  // checkpoint, then CPU trials away from GPUs and spread, GPU trials packed close.
  std::optional<size_t> Choose(const WaitingTrial& trial) const {
    std::optional<size_t> best;
    for (size_t w = 0; w < pool_.size(); ++w) {
      if (!pool_.Eligible(w, trial.need) || !pool_.FitOf(w, trial.need).Now()) continue;
      if (!best.has_value() || Rank(w, trial) < Rank(*best, trial)) best = w;
    }
    return best;
  }

  std::tuple<bool, bool, bool, int64_t, std::string_view> Rank(size_t w,
                                                               const WaitingTrial& trial) const {
    const std::string& name = pool_.worker(w).name;
    const auto free = static_cast<int64_t>(pool_.FitOf(w, trial.need).free);
    const bool cpu = trial.need.gpus <= 0;
    return {Contains(trial.faulted_workers, name), name != trial.checkpoint_worker,
            cpu && pool_.HasGpu(w), cpu ? -free : free, name};
  }

  std::optional<size_t> Soonest(const ResourceNeed& need) const {
    std::optional<size_t> best;
    const auto rank = [&](size_t w) {
      const SlotPool::Fit fit = pool_.FitOf(w, need);
      return std::make_tuple(pool_.FreeIn(w, need), -static_cast<int64_t>(fit.free + fit.kept),
                             std::string_view(pool_.worker(w).name));
    };
    for (size_t w = 0; w < pool_.size(); ++w) {
      if (!pool_.Eligible(w, need) || !pool_.FitOf(w, need).CanEver()) continue;
      if (!best.has_value() || rank(w) < rank(*best)) best = w;
    }
    return best;
  }

  Assignment Assign(size_t w, const WaitingTrial& trial) {
    const std::string& name = pool_.worker(w).name;
    Assignment assignment;
    assignment.trial = trial.id;
    assignment.worker = name;
    assignment.kind = trial.need.gpus > 0 ? Slot::Kind::kGpu : Slot::Kind::kCpu;
    assignment.slots = pool_.Take(w, trial.need);
    if (trial.checkpoint_worker == name) {
      assignment.why = absl::StrCat(name, " holds its checkpoint");
    } else if (!trial.checkpoint_worker.empty()) {
      assignment.why = absl::StrCat(name, " has room; its checkpoint is on ",
                                    trial.checkpoint_worker, ", so it starts without one");
    } else {
      assignment.why = absl::StrCat(name, " has room for ", Describe(trial.need));
    }
    if (Contains(trial.faulted_workers, name)) {
      absl::StrAppend(&assignment.why, "; no other has, although it had a fault there before");
    }
    return assignment;
  }

  // Why worker `w` does not take the need now; nothing when it does.
  std::optional<WorkerExplanation> WhyNot(size_t w, const ResourceNeed& need) const {
    const WorkerView& worker = pool_.worker(w);
    const auto because = [&](WaitReason reason, std::string text) {
      return WorkerExplanation{worker.name, reason, std::move(text)};
    };
    const std::string_view kind = need.gpus > 0 ? "GPUs" : "CPU slots";
    const SlotPool::Fit fit = pool_.FitOf(w, need);
    const std::string reason =
        worker.condition_reason.empty() ? "" : absl::StrCat(": ", worker.condition_reason);
    if (worker.condition == WorkerView::Condition::kDrained) {
      return because(WaitReason::kDrained, absl::StrCat("drained", reason));
    }
    if (worker.condition == WorkerView::Condition::kSilent) {
      return because(WaitReason::kSilent, absl::StrCat("not connected", reason));
    }
    if (pool_.NotFor(w, need)) {
      return because(WaitReason::kNotForIt,
                     absl::StrCat("takes only trials with label '", worker.only_for, "'"));
    }
    if (const std::string_view label = pool_.MissingLabel(w, need); !label.empty()) {
      return because(
          WaitReason::kLabelMissing,
          absl::StrCat("has no label '", ToAbsl(label), "'; it has ",
                       worker.labels.empty() ? "none" : absl::StrJoin(worker.labels, ", ")));
    }
    if (fit.of_kind < fit.needed && need.gpus <= 0) {
      return because(WaitReason::kNoCpuSlot, "has GPU slots only");
    }
    if (fit.of_kind < fit.needed) {
      return because(WaitReason::kNoGpu,
                     fit.of_kind == 0
                         ? "has no GPU"
                         : absl::StrCat("has ", fit.of_kind, " GPUs, ", fit.needed, " needed"));
    }
    if (!fit.CanEver()) {
      return because(WaitReason::kTooLittleMemory,
                     absl::StrCat(fit.suited, " of ", fit.of_kind, " GPUs have ",
                                  Gibibytes(need.gpu_memory_bytes), ", ", fit.needed, " needed"));
    }
    if (fit.Now()) return std::nullopt;
    const std::string counts = absl::StrCat(fit.free + fit.kept, " of ", fit.suited, " ",
                                            ToAbsl(kind), " free, ", fit.needed, " needed");
    if (fit.free + fit.kept >= fit.needed) {
      return because(WaitReason::kReserved, absl::StrCat(counts, "; kept for ", fit.kept_for));
    }
    return because(WaitReason::kNoSlotFree, counts);
  }

  std::string Summarise(const WaitExplanation& explanation, const WaitingTrial& trial,
                        size_t ahead) const {
    if (explanation.placed.has_value()) {
      return absl::StrCat("it goes to ", explanation.placed->worker, " now");
    }
    size_t ready = 0;
    size_t able = 0;
    for (size_t w = 0; w < pool_.size(); ++w) {
      if (pool_.worker(w).condition != WorkerView::Condition::kReady) continue;
      ++ready;
      if (pool_.Eligible(w, trial.need) && pool_.FitOf(w, trial.need).CanEver()) ++able;
    }
    if (pool_.size() == 0) return "no worker is connected";
    if (ready == 0) return "no worker takes trials: all are drained or not connected";
    if (able == 0) {
      return absl::StrCat("no connected worker can ever hold it: it needs ", Describe(trial.need));
    }
    std::string text = absl::StrCat("it waits for ", Describe(trial.need));
    if (ahead > 0) absl::StrAppend(&text, "; waiting ahead of it: ", ahead);
    if (!explanation.reserved_worker.empty()) {
      absl::StrAppend(&text, "; what gets free on ", explanation.reserved_worker,
                      " is kept for it");
    }
    return text;
  }

  const PlacementSettings settings_;
  std::vector<WaitingTrial> waiting_;
  SlotPool pool_;
  std::set<Shape> stuck_;     // found no room in this walk
  std::set<Shape> reserved_;  // have their reservation
};

}  // namespace

PlacementPlan PlanPlacement(std::vector<WaitingTrial> waiting, std::vector<WorkerView> workers,
                            const PlacementSettings& settings) {
  return Walk(std::move(waiting), std::move(workers), settings).Run();
}

WaitExplanation ExplainWait(TrialId trial, std::vector<WaitingTrial> waiting,
                            std::vector<WorkerView> workers, const PlacementSettings& settings) {
  return Walk(std::move(waiting), std::move(workers), settings).Explain(trial);
}

}  // namespace xp::core
