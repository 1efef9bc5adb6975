#include "server/core/worker_health.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace xp::core {
namespace {

using ::testing::HasSubstr;
using Outcome = WorkerHealth::Outcome;

WorkerHealth::End Failure(int64_t trial, double seconds = 0.5) {
  return {{trial},
          "e/t" + std::to_string(trial),
          Outcome::kProgramFailure,
          absl::Seconds(seconds),
          "exit 1"};
}

TEST(WorkerHealthTest, ThreeQuickFailuresOfDifferentTrialsDrain) {
  WorkerHealth health;
  EXPECT_FALSE(health.NoteEnd("w", Failure(1)));
  EXPECT_FALSE(health.NoteEnd("w", Failure(2, 9.9)));
  const auto message = health.NoteEnd("w", Failure(3));
  ASSERT_TRUE(message.has_value());
  EXPECT_THAT(*message, AllOf(HasSubstr("3 trials in a row"), HasSubstr("10s"),
                              HasSubstr("e/t1 (exit 1 after 0.5 s), e/t2 (exit 1 after 9.9 s)")));
}

TEST(WorkerHealthTest, OneBadProgramIsNoBadWorker) {
  WorkerHealth health;
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(health.NoteEnd("w", Failure(1)));
  EXPECT_FALSE(health.NoteEnd("w", Failure(2)));
  EXPECT_TRUE(health.NoteEnd("w", Failure(3)));
}

TEST(WorkerHealthTest, ASuccessOrASlowFailureEndsTheRow) {
  for (const bool success : {true, false}) {
    WorkerHealth health;
    health.NoteEnd("w", Failure(1));
    health.NoteEnd("w", Failure(2));
    WorkerHealth::End other = Failure(3, 10);
    if (success) other.outcome = Outcome::kFine;
    EXPECT_FALSE(health.NoteEnd("w", other));
    EXPECT_FALSE(health.NoteEnd("w", Failure(4)));
    EXPECT_FALSE(health.NoteEnd("w", Failure(5)));
    EXPECT_TRUE(health.NoteEnd("w", Failure(6)));
  }
}

TEST(WorkerHealthTest, AStopSaysNothing) {
  WorkerHealth health;
  health.NoteEnd("w", Failure(1));
  health.NoteEnd("w", Failure(2));
  WorkerHealth::End stop = Failure(3);
  stop.outcome = Outcome::kOther;
  EXPECT_FALSE(health.NoteEnd("w", stop));
  EXPECT_TRUE(health.NoteEnd("w", Failure(4)));
}

TEST(WorkerHealthTest, WorkersAreCountedApart) {
  WorkerHealth health;
  EXPECT_FALSE(health.NoteEnd("a", Failure(1)));
  EXPECT_FALSE(health.NoteEnd("b", Failure(2)));
  EXPECT_FALSE(health.NoteEnd("a", Failure(3)));
  EXPECT_FALSE(health.NoteEnd("b", Failure(4)));
  EXPECT_TRUE(health.NoteEnd("a", Failure(5)));
}

TEST(WorkerHealthTest, AfterTheMessageOrForgetTheRowBeginsAnew) {
  WorkerHealth health;
  for (int64_t trial = 1; trial <= 2; ++trial) health.NoteEnd("w", Failure(trial));
  health.Forget("w");
  for (int64_t trial = 3; trial <= 4; ++trial) EXPECT_FALSE(health.NoteEnd("w", Failure(trial)));
  EXPECT_TRUE(health.NoteEnd("w", Failure(5)));
  EXPECT_FALSE(health.NoteEnd("w", Failure(6)));
}

}  // namespace
}  // namespace xp::core
