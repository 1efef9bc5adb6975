// What commits between two steps of the fleet: a stop that crosses an assignment, a drain that
// crosses a plan.
#include <gtest/gtest.h>

#include "server/store/worker_store.h"
#include "tests/server/fleet/fleet_fixture.h"
#include "tests/server/fleet/interposed_store.h"

namespace xp::fleet {
namespace {

using testing::MakeExited;

class CrossingTest : public FleetTest {
 protected:
  CrossingTest() {
    fleet_ = std::make_unique<Fleet>(between_, clock_, FleetSettings());
    EXPECT_EQ(fleet_->Load(), absl::OkStatus());
  }
  ~CrossingTest() override { fleet_.reset(); }

  InterposedStore between_{*store_};
};

TEST_F(CrossingTest, AStopThatCommitsBeforeTheAssignmentIsPushedIsToldAfterIt) {
  Submit({"a"});
  FakeWorker worker(*fleet_, "w", 1);
  worker.Connect();
  between_.AfterNext([&] { ASSERT_EQ(Stop("a"), absl::OkStatus()); });
  Work();
  // As the commit told it: the worker does not know the attempt yet and passes over it.
  auto message = worker.Next();
  ASSERT_TRUE(message.has_value() && message->has_stop()) << message->ShortDebugString();
  const v1::AttemptId attempt = worker.NextAssignment().attempt();
  message = worker.Next();
  ASSERT_TRUE(message.has_value() && message->has_stop()) << "else it would run to its end";
  EXPECT_EQ(message->stop().attempt().number(), attempt.number());
  EXPECT_EQ(message->stop().reason(), v1::USER);
}

TEST_F(CrossingTest, ADrainThatCommitsAfterThePlanWins) {
  Submit({"a"});
  FakeWorker worker(*fleet_, "w", 1);
  worker.Connect();
  between_.BeforeNext([&] {
    ASSERT_EQ(store_->Apply([&](store::WriteContext& context) {
      return context.workers().Drain("w", "new driver").status();
    }),
              absl::OkStatus());
  });
  Work();
  EXPECT_EQ(worker.Next()->drained().message(), "new driver");
  EXPECT_FALSE(worker.Next().has_value());
  EXPECT_EQ(StateOf("a"), v1::QUEUED);
  EXPECT_EQ(Get("a").attempt(), 0) << "the number rises with an assignment only";
}

TEST_F(CrossingTest, TheThirdQuickFailureFreesTheSlotAndDrainsInOneStep) {
  Submit({"a", "b", "c", "d"});
  FakeWorker worker(*fleet_, "w", 1);
  worker.Connect();
  Work();
  v1::AttemptId attempt = worker.NextAssignment().attempt();
  for (int failures = 1; failures <= 3; ++failures) {
    worker.Run(attempt);
    v1::Exited exited = MakeExited(attempt, 1, 0);
    exited.mutable_run_time()->set_seconds(2);
    // The fleet's thread looks as soon as the slot is free.
    between_.AfterNext([&] { Work(); });
    ASSERT_EQ(worker.Exit(exited), absl::OkStatus());
    if (failures == 3) break;
    const v1::AttemptId next = worker.NextAssignment().attempt();
    ASSERT_EQ(worker.Finish(attempt), absl::OkStatus());
    EXPECT_TRUE(worker.Next()->has_confirmed());
    attempt = next;
  }
  EXPECT_TRUE(worker.Next()->has_drained());
  EXPECT_EQ(StateOf("d"), v1::QUEUED) << "the queue is not eaten";
}

}  // namespace
}  // namespace xp::fleet
