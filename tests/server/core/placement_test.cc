#include "server/core/placement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace xp::core {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr uint64_t kGiB = 1024ull * 1024 * 1024;

WaitingTrial Trial(int64_t id, int gpus, absl::Duration waited = absl::ZeroDuration()) {
  WaitingTrial trial;
  trial.id = {id};
  trial.name = "e/t" + std::to_string(id);
  trial.order = id;
  trial.need.gpus = gpus;
  trial.waited = waited;
  return trial;
}

WorkerView CpuWorker(const std::string& name, int slots, int busy = 0) {
  WorkerView worker;
  worker.name = name;
  for (int i = 0; i < slots; ++i) {
    worker.slots.push_back({Slot::Kind::kCpu, i, 0, std::nullopt});
    if (i < busy) worker.slots.back().busy_for = absl::InfiniteDuration();
  }
  return worker;
}

WorkerView GpuWorker(const std::string& name, int gpus, int busy = 0, uint64_t memory = 40 * kGiB) {
  WorkerView worker = CpuWorker(name, gpus, busy);
  for (Slot& slot : worker.slots) {
    slot.kind = Slot::Kind::kGpu;
    slot.memory_bytes = memory;
  }
  return worker;
}

// "1@a:0 2@b:0,1": trial, worker, slots.
std::vector<std::string> Show(const PlacementPlan& plan) {
  std::vector<std::string> shown;
  for (const Assignment& assignment : plan.assignments) {
    std::string text = std::to_string(assignment.trial.value) + "@" + assignment.worker;
    for (const int slot : assignment.slots) text += ":" + std::to_string(slot);
    shown.push_back(std::move(text));
  }
  return shown;
}

TEST(PlacementTest, FirstComeFirstServed) {
  EXPECT_THAT(Show(PlanPlacement({Trial(2, 0), Trial(1, 0), Trial(3, 0)}, {CpuWorker("a", 2)})),
              ElementsAre("1@a:0", "2@a:1"));
}

TEST(PlacementTest, PriorityGoesBeforeFirstCome) {
  WaitingTrial urgent = Trial(9, 0);
  urgent.priority = 5;
  WaitingTrial low = Trial(1, 0);
  low.priority = -5;
  EXPECT_THAT(Show(PlanPlacement({low, Trial(2, 0), urgent}, {CpuWorker("a", 2)})),
              ElementsAre("9@a:0", "2@a:1"));
}

TEST(PlacementTest, WhatDoesNotFitLetsSmallerOnesPass) {
  EXPECT_THAT(Show(PlanPlacement({Trial(1, 4), Trial(2, 1)}, {GpuWorker("a", 4, 2)})),
              ElementsAre("2@a:2"));
}

TEST(PlacementTest, GpuTrialsTakeGpusAndCpuTrialsCpuSlots) {
  EXPECT_THAT(
      Show(PlanPlacement({Trial(1, 0), Trial(2, 1)}, {GpuWorker("g", 1), CpuWorker("c", 1)})),
      ElementsAre("1@c:0", "2@g:0"));
  EXPECT_THAT(Show(PlanPlacement({Trial(1, 0)}, {GpuWorker("g", 1)})), IsEmpty());
}

TEST(PlacementTest, CpuTrialsStayAwayFromMachinesWithGpus) {
  WorkerView both = GpuWorker("a", 2);
  both.slots.push_back({Slot::Kind::kCpu, 0, 0, std::nullopt});
  EXPECT_THAT(Show(PlanPlacement({Trial(1, 0), Trial(2, 0)}, {both, CpuWorker("b", 1)})),
              ElementsAre("1@b:0", "2@a:0"));
}

TEST(PlacementTest, CpuTrialsSpreadAndGpuTrialsPack) {
  EXPECT_THAT(Show(PlanPlacement({Trial(1, 0)}, {CpuWorker("a", 3, 2), CpuWorker("b", 3, 1)})),
              ElementsAre("1@b:1"));
  EXPECT_THAT(Show(PlanPlacement({Trial(1, 1)}, {GpuWorker("a", 4, 1), GpuWorker("b", 4, 2)})),
              ElementsAre("1@b:2"));
}

TEST(PlacementTest, GpuMemoryIsAskedOfEachGpuAndTheSmallestThatFitsIsTaken) {
  WorkerView mixed = GpuWorker("a", 4, 0, 80 * kGiB);
  mixed.slots[1].memory_bytes = 16 * kGiB;
  mixed.slots[3].memory_bytes = 40 * kGiB;
  WaitingTrial trial = Trial(1, 2);
  trial.need.gpu_memory_bytes = 20 * kGiB;
  EXPECT_THAT(Show(PlanPlacement({trial}, {mixed})), ElementsAre("1@a:0:3"));
  trial.need.gpus = 4;
  EXPECT_THAT(Show(PlanPlacement({trial}, {mixed})), IsEmpty());
}

TEST(PlacementTest, AllLabelsMustBeThere) {
  WaitingTrial trial = Trial(1, 0);
  trial.need.labels = {"fast", "eu"};
  WorkerView one = CpuWorker("a", 1);
  one.labels = {"fast"};
  WorkerView all = CpuWorker("b", 1);
  all.labels = {"eu", "x", "fast"};
  EXPECT_THAT(Show(PlanPlacement({trial}, {one, all})), ElementsAre("1@b:0"));
}

TEST(PlacementTest, AWorkerThatIsThereForOneRunTakesNothingElse) {
  WorkerView here = CpuWorker("run-1", 1);
  here.labels = {"xp.run=1"};
  here.only_for = "xp.run=1";
  WaitingTrial run = Trial(2, 0);
  run.need.labels = {"xp.run=1"};
  EXPECT_THAT(Show(PlanPlacement({Trial(1, 0), run}, {here})), ElementsAre("2@run-1:0"));
  const WaitExplanation why = ExplainWait({1}, {Trial(1, 0)}, {here});
  ASSERT_EQ(why.workers.size(), 1u);
  EXPECT_EQ(why.workers[0].reason, WaitReason::kNotForIt);
}

TEST(PlacementTest, DrainedAndSilentWorkersGetNothing) {
  WorkerView drained = CpuWorker("a", 1);
  drained.condition = WorkerView::Condition::kDrained;
  WorkerView silent = CpuWorker("b", 1);
  silent.condition = WorkerView::Condition::kSilent;
  EXPECT_THAT(Show(PlanPlacement({Trial(1, 0)}, {drained, silent})), IsEmpty());
}

TEST(PlacementTest, TheWorkerWithTheCheckpointIsPreferred) {
  WaitingTrial trial = Trial(1, 1);
  trial.checkpoint_worker = "b";
  const PlacementPlan there = PlanPlacement({trial}, {GpuWorker("a", 1), GpuWorker("b", 4)});
  EXPECT_THAT(Show(there), ElementsAre("1@b:0"));
  EXPECT_THAT(there.assignments[0].why, HasSubstr("holds its checkpoint"));
  const PlacementPlan elsewhere = PlanPlacement({trial}, {GpuWorker("a", 1), GpuWorker("b", 1, 1)});
  EXPECT_THAT(Show(elsewhere), ElementsAre("1@a:0"));
  EXPECT_THAT(elsewhere.assignments[0].why, HasSubstr("its checkpoint is on b"));
}

TEST(PlacementTest, AWorkerWithAFaultOfTheTrialIsTheLastChoice) {
  WaitingTrial trial = Trial(1, 1);
  trial.checkpoint_worker = "a";
  trial.faulted_workers = {"a"};
  EXPECT_THAT(Show(PlanPlacement({trial}, {GpuWorker("a", 1), GpuWorker("b", 1)})),
              ElementsAre("1@b:0"));
  const PlacementPlan only = PlanPlacement({trial}, {GpuWorker("a", 1)});
  EXPECT_THAT(Show(only), ElementsAre("1@a:0"));
  EXPECT_THAT(only.assignments[0].why, HasSubstr("fault there before"));
}

TEST(PlacementTest, AfterTenMinutesWhatIsFreeIsKept) {
  const std::vector<WorkerView> workers = {GpuWorker("a", 4, 2)};
  const WaitingTrial patient = Trial(1, 4, absl::Minutes(9));
  const WaitingTrial starved = Trial(1, 4, absl::Minutes(10));
  EXPECT_THAT(Show(PlanPlacement({patient, Trial(2, 1)}, workers)), ElementsAre("2@a:2"));
  const PlacementPlan plan = PlanPlacement({starved, Trial(2, 1)}, workers);
  EXPECT_THAT(Show(plan), IsEmpty());
  ASSERT_EQ(plan.reservations.size(), 1u);
  EXPECT_EQ(plan.reservations[0].worker, "a");
}

TEST(PlacementTest, AReservationHoldsItsWorkerOnly) {
  EXPECT_THAT(Show(PlanPlacement({Trial(1, 4, absl::Hours(1)), Trial(2, 1), Trial(3, 1)},
                                 {GpuWorker("a", 4, 1), GpuWorker("b", 2, 1)})),
              ElementsAre("2@b:1"));
}

TEST(PlacementTest, AHigherPriorityPassesAReservation) {
  WaitingTrial urgent = Trial(9, 1);
  urgent.priority = 1;
  EXPECT_THAT(Show(PlanPlacement({Trial(1, 4, absl::Hours(1)), urgent}, {GpuWorker("a", 4, 1)})),
              ElementsAre("9@a:1"));
}

TEST(PlacementTest, TheReservedWorkerIsTheOneThatIsFreeSoonest) {
  WorkerView late = GpuWorker("a", 2, 1);
  late.slots[0].busy_for = absl::Hours(5);
  WorkerView soon = GpuWorker("b", 2, 2);
  for (Slot& slot : soon.slots) slot.busy_for = absl::Minutes(5);
  const PlacementPlan plan = PlanPlacement({Trial(1, 2, absl::Hours(1))}, {late, soon});
  ASSERT_EQ(plan.reservations.size(), 1u);
  EXPECT_EQ(plan.reservations[0].worker, "b");
}

TEST(PlacementTest, WithoutTimeLimitsTheOneWithMostFreeIsReserved) {
  const PlacementPlan plan =
      PlanPlacement({Trial(1, 4, absl::Hours(1))}, {GpuWorker("a", 4, 3), GpuWorker("b", 4, 1)});
  ASSERT_EQ(plan.reservations.size(), 1u);
  EXPECT_EQ(plan.reservations[0].worker, "b");
}

TEST(PlacementTest, WhatNoWorkerCanEverHoldReservesNothing) {
  const PlacementPlan plan =
      PlanPlacement({Trial(1, 8, absl::Hours(9)), Trial(2, 1)}, {GpuWorker("a", 4)});
  EXPECT_THAT(plan.reservations, IsEmpty());
  EXPECT_THAT(Show(plan), ElementsAre("2@a:0"));
}

TEST(PlacementTest, ALongQueueOfEqualTrialsIsFast) {
  std::vector<WaitingTrial> waiting;
  for (int64_t i = 1; i <= 10'000; ++i) waiting.push_back(Trial(i, 1, absl::Hours(1)));
  std::vector<WorkerView> workers;
  for (int i = 0; i < 100; ++i) workers.push_back(GpuWorker("w" + std::to_string(i), 8, 8));
  const PlacementPlan plan = PlanPlacement(waiting, workers);
  EXPECT_THAT(plan.assignments, IsEmpty());
  EXPECT_EQ(plan.reservations.size(), 1u);
}

std::string Why(int64_t id, std::vector<WaitingTrial> waiting, std::vector<WorkerView> workers) {
  const WaitExplanation why = ExplainWait({id}, std::move(waiting), std::move(workers));
  std::string text = why.summary;
  for (const WorkerExplanation& worker : why.workers) {
    text += " | " + worker.worker + " " + worker.text;
  }
  return text;
}

TEST(PlacementTest, WhySaysThatNoWorkerIsThere) {
  EXPECT_EQ(Why(1, {Trial(1, 0)}, {}), "no worker is connected");
  WorkerView drained = CpuWorker("a", 1);
  drained.condition = WorkerView::Condition::kDrained;
  drained.condition_reason = "upgrade";
  EXPECT_EQ(Why(1, {Trial(1, 0)}, {drained}),
            "no worker takes trials: all are drained or not connected | a drained: upgrade");
}

TEST(PlacementTest, WhySaysWhatEachWorkerLacks) {
  WaitingTrial trial = Trial(1, 2);
  trial.need.gpu_memory_bytes = 30 * kGiB;
  WorkerView small = GpuWorker("small", 2, 0, 16 * kGiB);
  EXPECT_EQ(Why(1, {trial}, {CpuWorker("cpu", 1), GpuWorker("one", 1), small}),
            "no connected worker can ever hold it: it needs 2 GPUs with 30.0 GiB | cpu has no GPU "
            "| one has 1 GPUs, 2 needed | small 0 of 2 GPUs have 30.0 GiB, 2 needed");
  trial.need.labels = {"fast"};
  EXPECT_THAT(Why(1, {trial}, {GpuWorker("a", 2)}), HasSubstr("has no label 'fast'; it has none"));
  EXPECT_THAT(Why(1, {Trial(1, 0)}, {GpuWorker("g", 2)}), HasSubstr("has GPU slots only"));
}

TEST(PlacementTest, WhyCountsWhatIsAheadAndWhatIsFree) {
  EXPECT_EQ(Why(3, {Trial(1, 4), Trial(2, 4), Trial(3, 4)}, {GpuWorker("a", 4, 3)}),
            "it waits for 4 GPUs; waiting ahead of it: 2 | a 1 of 4 GPUs free, 4 needed");
}

TEST(PlacementTest, WhyNamesTheTrialForWhichSlotsAreKept) {
  EXPECT_THAT(Why(2, {Trial(1, 4, absl::Hours(1)), Trial(2, 1)}, {GpuWorker("a", 4, 2)}),
              HasSubstr("a 2 of 4 GPUs free, 1 needed; kept for e/t1"));
  EXPECT_THAT(Why(1, {Trial(1, 4, absl::Hours(1)), Trial(2, 1)}, {GpuWorker("a", 4, 2)}),
              HasSubstr("what gets free on a is kept for it"));
}

TEST(PlacementTest, WhyOfATrialThatFitsNowOrIsNotThere) {
  EXPECT_EQ(Why(1, {Trial(1, 0)}, {CpuWorker("a", 1)}), "it goes to a now");
  EXPECT_EQ(Why(7, {Trial(1, 0)}, {CpuWorker("a", 1)}), "it is not in the queue");
}

}  // namespace
}  // namespace xp::core
