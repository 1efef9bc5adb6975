// Which worker a trial returns to, and what its checkpoint folder begins as.
#include <gtest/gtest.h>

#include "tests/server/fleet/fleet_fixture.h"

namespace xp::fleet {
namespace {

using testing::MakeSubmit;

class CheckpointTest : public FleetTest {
 protected:
  // The next assignment of `worker`, ended by a preemption.
  v1::Assignment RunPreempted(FakeWorker& worker) {
    Work();
    const v1::Assignment assignment = worker.NextAssignment();
    worker.Run(assignment.attempt());
    worker.End(assignment.attempt(), 75);
    EXPECT_TRUE(worker.Next()->has_confirmed());
    return assignment;
  }
};

TEST_F(CheckpointTest, TheNextAttemptPrefersTheWorkerThatHoldsTheFolder) {
  Submit({"a"});
  FakeWorker holder(*fleet_, "z-holder", 1);
  holder.Connect();
  EXPECT_EQ(RunPreempted(holder).checkpoint_from_attempt(), 0);
  FakeWorker other(*fleet_, "a-other", 1);
  other.Connect();
  EXPECT_EQ(RunPreempted(holder).checkpoint_from_attempt(), 1);
  EXPECT_FALSE(other.Next().has_value());
}

TEST_F(CheckpointTest, AnAttemptThatNeverBeganDoesNotHideTheFolderBeforeIt) {
  Submit({"a"});
  FakeWorker holder(*fleet_, "z-holder", 1);
  holder.Connect();
  const std::string uid = RunPreempted(holder).attempt().trial_uid();
  holder.Disconnect();
  FakeWorker other(*fleet_, "a-other", 1);
  other.Connect();
  Work();
  EXPECT_EQ(other.NextAssignment().checkpoint_from_attempt(), 0);
  other.Disconnect();
  other.Connect();  // it never got attempt 2: queued again
  holder.hello().add_checkpoint_trial_uids(uid);
  holder.Connect();
  Work();
  EXPECT_EQ(holder.NextAssignment().checkpoint_from_attempt(), 2);
  EXPECT_FALSE(other.Next().has_value());
}

TEST_F(CheckpointTest, OnASharedDiskEveryWorkerHasIt) {
  v1::SubmitExperimentRequest request = MakeSubmit("E", {"a"});
  request.mutable_trials(0)->mutable_spec()->set_checkpoint_dir("/shared/ckpt");
  Submit(request);
  FakeWorker first(*fleet_, "first", 1);
  first.Connect();
  RunPreempted(first);
  first.Disconnect();
  FakeWorker second(*fleet_, "second", 1);
  second.Connect();
  const v1::Assignment assignment = RunPreempted(second);
  EXPECT_EQ(assignment.checkpoint_from_attempt(), 1);
  EXPECT_EQ(assignment.checkpoint_note(), "");
}

}  // namespace
}  // namespace xp::fleet
