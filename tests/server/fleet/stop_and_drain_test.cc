// What people ask of the fleet: stop, drain, leave when done, and "why".
#include <gtest/gtest.h>

#include "server/store/worker_store.h"
#include "tests/server/fleet/fleet_fixture.h"

namespace xp::fleet {
namespace {

using testing::MakeExited;

class StopTest : public FleetTest {};

TEST_F(StopTest, AQueuedTrialStopsAtOnce) {
  Submit({"a"});
  ASSERT_EQ(Stop("a"), absl::OkStatus());
  EXPECT_EQ(StateOf("a"), v1::STOPPED);
  FakeWorker worker(*fleet_, "w", 1);
  worker.Connect();
  Work();
  EXPECT_FALSE(worker.Next().has_value());
}

TEST_F(StopTest, ARunningTrialIsToldAndEndsStoppedWhateverItsStatus) {
  FakeWorker worker(*fleet_, "w", 1);
  const v1::AttemptId attempt = RunTrial(worker);
  ASSERT_EQ(Stop("a"), absl::OkStatus());
  const auto message = worker.Next();
  ASSERT_TRUE(message.has_value() && message->has_stop());
  EXPECT_EQ(message->stop().reason(), v1::USER);
  ASSERT_EQ(Stop("a"), absl::OkStatus()) << "idempotent while STOPPING";
  EXPECT_FALSE(worker.Next().has_value()) << "said once";
  worker.End(attempt, 0);
  EXPECT_EQ(StateOf("a"), v1::STOPPED);
  EXPECT_EQ(Get("a").reason(), v1::USER);
}

TEST_F(StopTest, AWorkerOfOneRunIsForgottenWithIt) {
  Submit({"waits"});
  v1::SubmitExperimentRequest request = testing::MakeSubmit("E", {"run"});
  auto& labels = *request.mutable_trials(0)->mutable_spec()->mutable_resources()->mutable_labels();
  labels["xp.run"] = "1";
  Submit(request);
  FakeWorker worker(*fleet_, "run-1", 1);
  (*worker.hello().mutable_labels())["xp.run"] = "1";
  worker.Connect();
  Work();
  const v1::AttemptId attempt = worker.NextAssignment().attempt();
  EXPECT_EQ(StateOf("waits"), v1::QUEUED) << "it is not there for others";
  worker.Run(attempt);
  worker.Disconnect();
  const auto all_is_written = [&] {  // leaving is written behind what waits
    return store_->Apply([](store::WriteContext&) { return absl::OkStatus(); });
  };
  ASSERT_EQ(all_is_written(), absl::OkStatus());
  EXPECT_TRUE(store_->workers().Get("run-1").ok()) << "its run goes on";
  worker.Hold(attempt, v1::HeldAttempt::RUNNING);
  worker.Connect();
  worker.End(attempt, 0);
  worker.Disconnect();
  ASSERT_EQ(StateOf("run"), v1::COMPLETED);
  ASSERT_EQ(all_is_written(), absl::OkStatus());
  EXPECT_TRUE(absl::IsNotFound(store_->workers().Get("run-1").status()));
}

class DrainTest : public FleetTest {
 protected:
  absl::Status Drain(const std::string& worker) {
    return store_->Apply([&](store::WriteContext& context) {
      return context.workers().Drain(worker, "new driver").status();
    });
  }
  absl::Status Undrain(const std::string& worker) {
    return store_->Apply(
        [&](store::WriteContext& context) { return context.workers().Undrain(worker).status(); });
  }
};

TEST_F(DrainTest, ADrainedWorkerKeepsWhatItHasAndGetsNothingNew) {
  Submit({"a", "b"});
  FakeWorker worker(*fleet_, "w", 1);
  worker.Connect();
  Work();
  const v1::AttemptId attempt = worker.NextAssignment().attempt();
  ASSERT_EQ(Drain("w"), absl::OkStatus());
  EXPECT_EQ(worker.Next()->drained().message(), "new driver");
  worker.Run(attempt);
  worker.End(attempt, 0);
  EXPECT_EQ(StateOf("a"), v1::COMPLETED);
  EXPECT_TRUE(worker.Next()->has_confirmed());
  Work();
  EXPECT_FALSE(worker.Next().has_value());
  EXPECT_TRUE(worker.Connect().drained()) << "a drain survives both sides' restarts";
  ASSERT_EQ(Undrain("w"), absl::OkStatus());
  Work();
  EXPECT_EQ(worker.NextAssignment().trial_name(), "E/b");
}

TEST_F(DrainTest, AWorkerOnWhichEverythingFailsAtOnceIsDrained) {
  Submit({"a", "b", "c", "d"});
  FakeWorker worker(*fleet_, "w", 1);
  worker.Connect();
  for (int i = 0; i < 3; ++i) {
    Work();
    const v1::AttemptId attempt = worker.NextAssignment().attempt();
    worker.Run(attempt);
    v1::Exited exited = MakeExited(attempt, 1, 0);
    exited.mutable_run_time()->set_seconds(2);
    ASSERT_EQ(worker.Exit(exited), absl::OkStatus());
    if (i == 2) break;  // the third exit is what drains it
    ASSERT_EQ(worker.Finish(attempt), absl::OkStatus());
    EXPECT_TRUE(worker.Next()->has_confirmed());
  }
  const auto message = worker.Next();
  ASSERT_TRUE(message.has_value() && message->has_drained());
  EXPECT_FALSE(message->drained().message().empty());
  Work();
  EXPECT_EQ(StateOf("d"), v1::QUEUED) << "the queue is not eaten";
  const auto shown = store_->workers().Get("w");
  ASSERT_TRUE(shown.ok());
  EXPECT_TRUE(shown->drained());
}

TEST_F(DrainTest, SlowFailuresSayNothingAboutTheWorker) {
  Submit({"a", "b", "c", "d"});
  FakeWorker worker(*fleet_, "w", 1);
  worker.Connect();
  for (int i = 0; i < 3; ++i) {
    Work();
    const v1::AttemptId attempt = worker.NextAssignment().attempt();
    worker.Run(attempt);
    worker.End(attempt, 1);  // after a minute
    EXPECT_TRUE(worker.Next()->has_confirmed());
  }
  Work();
  EXPECT_EQ(worker.NextAssignment().trial_name(), "E/d");
}

class OnceTest : public FleetTest {};

TEST_F(OnceTest, LeavesWhenNothingFitsAndNothingRuns) {
  Submit({"a"});
  FakeWorker worker(*fleet_, "w", 1);
  worker.hello().set_once(true);
  worker.Connect();
  Work();
  const v1::AttemptId attempt = worker.NextAssignment().attempt();
  EXPECT_FALSE(worker.Next().has_value());
  worker.Run(attempt);
  ASSERT_EQ(worker.Exit(MakeExited(attempt, 0, 0)), absl::OkStatus());
  Work();
  EXPECT_FALSE(worker.Next().has_value()) << "it may yet be tried again here";
  ASSERT_EQ(worker.Finish(attempt), absl::OkStatus());
  EXPECT_TRUE(worker.Next()->has_confirmed());
  Work();
  EXPECT_TRUE(worker.Next()->has_drained());
  Submit(testing::MakeSubmit("E2", {"b"}));
  Work();
  EXPECT_FALSE(worker.Next().has_value()) << "it is on its way out";
}

TEST_F(OnceTest, TakesTheRetryOfItsOwnTrial) {
  v1::SubmitExperimentRequest request = testing::MakeSubmit("E", {"a"});
  request.mutable_trials(0)->mutable_spec()->set_retries(1);
  Submit(request);
  FakeWorker worker(*fleet_, "w", 1);
  worker.hello().set_once(true);
  worker.Connect();
  Work();
  const v1::AttemptId attempt = worker.NextAssignment().attempt();
  worker.Run(attempt);
  worker.End(attempt, 1);
  EXPECT_TRUE(worker.Next()->has_confirmed());
  Work();
  EXPECT_EQ(worker.NextAssignment().attempt().number(), 2);
}

TEST_F(OnceTest, LeavesAtOnceWhenTheQueueIsEmpty) {
  FakeWorker worker(*fleet_, "w", 1);
  worker.hello().set_once(true);
  worker.Connect();
  Work();
  EXPECT_TRUE(worker.Next()->has_drained());
}

class ExplainTest : public FleetTest {
 protected:
  v1::ExplainTrialResponse Why(const std::string& trial) {
    auto answer = fleet_->Explain("E/" + trial);
    EXPECT_TRUE(answer.ok()) << answer.status();
    return answer.ok() ? *answer : v1::ExplainTrialResponse();
  }
};

TEST_F(ExplainTest, SaysWhyATrialWaits) {
  v1::SubmitExperimentRequest request = testing::MakeSubmit("E", {"a", "b"});
  request.mutable_trials(1)->mutable_spec()->mutable_resources()->set_gpus(2);
  Submit(request);
  EXPECT_EQ(Why("a").queue_position(), 1);
  EXPECT_NE(Why("a").summary().find("no worker"), std::string::npos) << Why("a").summary();
  FakeWorker worker(*fleet_, "w", 1);
  worker.Connect();
  const v1::ExplainTrialResponse why = Why("b");
  EXPECT_EQ(why.queue_position(), 2);
  ASSERT_EQ(why.workers_size(), 1);
  EXPECT_EQ(why.workers(0).worker(), "w");
  EXPECT_FALSE(why.workers(0).explanation().empty());
}

TEST_F(ExplainTest, SaysWhereItRunsAndWhatHappened) {
  Submit({"a"});
  FakeWorker worker(*fleet_, "w", 1);
  worker.Connect();
  Work();
  worker.Run(worker.NextAssignment().attempt());
  const v1::ExplainTrialResponse why = Why("a");
  EXPECT_EQ(why.summary().find("RUNNING: attempt 1 on worker w"), 0u) << why.summary();
  EXPECT_GE(why.events_size(), 3);
  EXPECT_EQ(fleet_->Explain("E/nobody").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(ExplainTest, WorkersShowWhatTheyRun) {
  Submit({"a"});
  FakeWorker worker(*fleet_, "w", 2);
  worker.hello().mutable_now()->set_seconds(absl::ToUnixSeconds(clock_.Now()) + 30);
  worker.Connect();
  Work();
  v1::Worker shown;
  shown.set_name("w");
  fleet_->Describe(&shown);
  EXPECT_TRUE(shown.connected());
  EXPECT_EQ(shown.free_slots(), 1);
  ASSERT_EQ(shown.running_size(), 1);
  EXPECT_EQ(shown.running(0), "E/a");
  EXPECT_EQ(shown.clock_distance().seconds(), 30);
}

}  // namespace
}  // namespace xp::fleet
