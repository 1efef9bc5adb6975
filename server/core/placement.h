// Which waiting trial goes to which worker's slots, and why the others wait (DESIGN section 9).
//
// Order: higher priority first, then first come. A trial that has waited `reserve_after` reserves
// the worker that can hold it soonest: what is free there is kept from those behind it.
// Pure functions on values: the same input gives the same plan. Safe from any thread.
#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/core/ids.h"

namespace xp::core {

struct ResourceNeed {
  int gpus = 0;                     // 0: one CPU slot
  uint64_t gpu_memory_bytes = 0;    // that each GPU must have; 0: any
  std::vector<std::string> labels;  // all of them must be on the worker
};

struct WaitingTrial {
  TrialId id;
  std::string name;       // "E/T", for explanations
  int32_t priority = 0;   // higher goes first
  int64_t order = 0;      // when it was queued, as a rising number; lower goes first
  absl::Duration waited;  // since it was queued
  ResourceNeed need;
  std::string checkpoint_worker;             // holds its predecessor's checkpoint; empty: none
  std::vector<std::string> faulted_workers;  // had a worker fault of this trial: others first
};

// One GPU, or one place for a CPU trial.
struct Slot {
  enum class Kind { kCpu, kGpu };
  Kind kind = Kind::kCpu;
  int index = 0;              // among the worker's slots of this kind
  uint64_t memory_bytes = 0;  // of the GPU; 0: unknown, taken as too little where a need is given
  // Busy: until when at the latest, from now (what is left of its trial's time limit);
  // InfiniteDuration when it has no limit. Nothing: the slot is free.
  std::optional<absl::Duration> busy_for;
};

struct WorkerView {
  enum class Condition { kReady, kDrained, kSilent };
  std::string name;
  Condition condition = Condition::kReady;
  std::string condition_reason;  // e.g. the message of worker_health.h; may be empty
  std::vector<std::string> labels;
  // It is there for the trials alone that ask for this label of its; empty: for all.
  std::string only_for;
  std::vector<Slot> slots;
};

struct Assignment {
  TrialId trial;
  std::string worker;
  Slot::Kind kind = Slot::Kind::kCpu;
  std::vector<int> slots;  // indexes of `kind`, ascending
  std::string why;         // e.g. "node-1 holds its checkpoint"; one sentence
};

struct Reservation {
  TrialId trial;
  std::string worker;
};

struct PlacementPlan {
  std::vector<Assignment> assignments;    // in the order in which they were decided
  std::vector<Reservation> reservations;  // of trials that go on waiting
};

struct PlacementSettings {
  absl::Duration reserve_after = absl::Minutes(10);
};

// `waiting` may be in any order. Drained and silent workers get nothing.
PlacementPlan PlanPlacement(std::vector<WaitingTrial> waiting, std::vector<WorkerView> workers,
                            const PlacementSettings& settings = {});

enum class WaitReason {
  kDrained,
  kSilent,
  kLabelMissing,
  kNotForIt,         // takes only trials that ask for its label
  kNoGpu,            // has none, or fewer than are asked for
  kNoCpuSlot,        // has GPU slots only
  kTooLittleMemory,  // too few of its GPUs have the memory
  kNoSlotFree,
  kReserved,  // what is free is kept for another trial
};

struct WorkerExplanation {
  std::string worker;
  WaitReason reason;
  std::string text;  // e.g. "2 of 4 GPUs free, 3 needed"
};

struct WaitExplanation {
  std::string summary;                     // one sentence, e.g. "no worker is connected"
  std::string reserved_worker;             // empty: none
  std::vector<WorkerExplanation> workers;  // in the order given
  std::optional<Assignment> placed;        // it does not wait: this plan would place it
};

// Why `trial` waits: the plan's view of each worker at its turn. `trial` must be among `waiting`;
// if it is not, the summary says so.
WaitExplanation ExplainWait(TrialId trial, std::vector<WaitingTrial> waiting,
                            std::vector<WorkerView> workers,
                            const PlacementSettings& settings = {});

}  // namespace xp::core
