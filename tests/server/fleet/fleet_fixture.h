// A fleet on a real store in memory, with a clock that stands still until it is told otherwise.
// Nothing runs by itself: Work() does what is due.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "proto/clock.h"
#include "server/fleet/fleet.h"
#include "server/store/experiment_store.h"
#include "server/store/store.h"
#include "server/store/trial_store.h"
#include "tests/server/fleet/fake_worker.h"
#include "tests/server/testing/fake_disk.h"
#include "tests/server/testing/specs.h"
#include "tests/server/testing/temp_dir.h"

namespace xp::fleet {

class FleetTest : public ::testing::Test {
 protected:
  FleetTest() {
    store::StoreOptions options;
    options.data_dir = dir_.path();
    options.place = store::StoreOptions::Place::kMemory;
    options.clock = &clock_;
    options.disk_space = &disk_;
    auto store = store::OpenStore(std::move(options));
    if (!store.ok()) {
      ADD_FAILURE() << store.status();
      std::abort();
    }
    store_ = *std::move(store);
    BeginFleet();
  }

  void BeginFleet(const FleetSettings& settings = {}) {
    fleet_.reset();
    fleet_ = std::make_unique<Fleet>(*store_, clock_, settings);
    EXPECT_EQ(fleet_->Load(), absl::OkStatus());
  }
  // As if xpserver were killed and started again: what is in memory is gone.
  void RestartFleet() { BeginFleet(); }

  void Submit(const v1::SubmitExperimentRequest& request) {
    const auto answer = store_->Apply<v1::SubmitExperimentResponse>(
        [&](store::WriteContext& context) { return context.experiments().Submit(request); });
    ASSERT_TRUE(answer.ok()) << answer.status();
  }
  void Submit(const std::vector<std::string>& trials) { Submit(testing::MakeSubmit("E", trials)); }

  // E/a is submitted, and `worker` connects, takes it and starts it.
  v1::AttemptId RunTrial(FakeWorker& worker) {
    Submit({"a"});
    worker.Connect();
    Work();
    const v1::AttemptId attempt = worker.NextAssignment().attempt();
    worker.Run(attempt);
    return attempt;
  }

  // All that is due, until nothing more follows from it.
  void Work() {
    for (int i = 0; i < 3; ++i) fleet_->RunOnce();
  }
  // Time passes as on a server that is awake: the leases are looked at on the way.
  void Pass(absl::Duration time, absl::Duration step = absl::Seconds(10)) {
    for (absl::Duration passed; passed < time; passed += step) {
      clock_.Advance(std::min(step, time - passed));
      Work();
    }
  }

  v1::Trial Get(const std::string& trial) {
    auto found = store_->trials().Get("E/" + trial);
    EXPECT_TRUE(found.ok()) << found.status();
    return found.ok() ? *found : v1::Trial();
  }
  v1::TrialState StateOf(const std::string& trial) { return Get(trial).state(); }

  absl::Status Stop(const std::string& trial) {
    return store_->Apply([&](store::WriteContext& context) {
      return context.trials().Stop("E/" + trial, core::StopReason::kUser).status();
    });
  }
  absl::Status Delete(const std::string& trial) {
    return store_->Apply([&](store::WriteContext& context) {
      return context.trials().Delete("E/" + trial, store::DeletePolicy::kAlsoRunning);
    });
  }

  testing::TempDir dir_;
  ManualClock clock_;
  testing::FakeDisk disk_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<Fleet> fleet_;
};

}  // namespace xp::fleet
