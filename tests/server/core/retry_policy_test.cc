#include "server/core/retry_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace xp::core {
namespace {

using ::testing::HasSubstr;

AttemptEnd End(EndKind kind, int code = 0) { return {kind, code, StopReason::kNone, ""}; }

TEST(RetryPolicyTest, ExitZeroCompletes) {
  const EndVerdict verdict = DecideEnd(End(EndKind::kExit, 0), {});
  EXPECT_EQ(verdict.event, TrialEvent::kSucceeded);
  EXPECT_EQ(verdict.charge, Charge::kNone);
}

TEST(RetryPolicyTest, EachFailureOfTheProgramHasItsReason) {
  const std::pair<EndKind, FailureReason> cases[] = {
      {EndKind::kExit, FailureReason::kExit},
      {EndKind::kSignal, FailureReason::kSignal},
      {EndKind::kOutOfMemory, FailureReason::kOutOfMemory},
      {EndKind::kNotFound, FailureReason::kNotFound},
  };
  for (const auto& [kind, reason] : cases) {
    const EndVerdict verdict = DecideEnd(End(kind, 3), {});
    EXPECT_EQ(verdict.event, TrialEvent::kFailedForGood) << ReasonName(reason);
    EXPECT_EQ(verdict.failure, reason);
  }
}

TEST(RetryPolicyTest, RetriesAreUsedOneByOneThenItFails) {
  RetryBudget budget{.retries = 2};
  for (; budget.retries_used < 2; ++budget.retries_used) {
    const EndVerdict again = DecideEnd(End(EndKind::kExit, 1), budget);
    EXPECT_EQ(again.event, TrialEvent::kQueuedAgain);
    EXPECT_EQ(again.charge, Charge::kRetry);
  }
  const EndVerdict failed = DecideEnd(End(EndKind::kExit, 1), budget);
  EXPECT_EQ(failed.event, TrialEvent::kFailedForGood);
  EXPECT_EQ(failed.failure, FailureReason::kExit);
  EXPECT_THAT(failed.why, HasSubstr("all 2 retries used"));
}

TEST(RetryPolicyTest, Exit75IsPreemptedAndUsesNoRetryHoweverOften) {
  const EndVerdict verdict = DecideEnd(End(EndKind::kExit, 75), {.retries = 0, .retries_used = 0});
  EXPECT_EQ(verdict.event, TrialEvent::kQueuedAgain);
  EXPECT_EQ(verdict.charge, Charge::kNone);
}

TEST(RetryPolicyTest, WhateverItsExitStatusAStoppingTrialEndsStopped) {
  for (const EndKind kind : {EndKind::kExit, EndKind::kSignal, EndKind::kOutOfMemory,
                             EndKind::kNotFound, EndKind::kInput, EndKind::kWorkerFault}) {
    for (const int code : {0, 1, 75}) {
      AttemptEnd end = End(kind, code);
      end.stop = StopReason::kUser;
      const EndVerdict verdict = DecideEnd(end, {.retries = 5});
      EXPECT_EQ(verdict.event, TrialEvent::kEndedStopped);
      EXPECT_EQ(verdict.stop, StopReason::kUser);
      EXPECT_EQ(verdict.charge, Charge::kNone);
    }
  }
}

TEST(RetryPolicyTest, TheTimeLimitStopsAndUsesNoRetry) {
  AttemptEnd end = End(EndKind::kSignal, 15);
  end.stop = StopReason::kMaxRuntime;
  const EndVerdict verdict = DecideEnd(end, {.retries = 5});
  EXPECT_EQ(verdict.event, TrialEvent::kEndedStopped);
  EXPECT_EQ(verdict.stop, StopReason::kMaxRuntime);
}

TEST(RetryPolicyTest, WorkerFaultsHaveABoundOfTheirOwn) {
  for (int32_t before = 0; before < kWorkerFaultsMax; ++before) {
    const EndVerdict again = DecideEnd(End(EndKind::kWorkerFault), {.worker_faults = before});
    EXPECT_EQ(again.event, TrialEvent::kQueuedAgain);
    EXPECT_EQ(again.charge, Charge::kWorkerFault);
  }
  const RetryBudget spent{.retries = 9, .worker_faults = kWorkerFaultsMax};
  EXPECT_EQ(DecideEnd(End(EndKind::kWorkerFault), spent).failure, FailureReason::kWorkerFault);
  EXPECT_EQ(DecideEnd(End(EndKind::kInput), spent).failure, FailureReason::kInput);
  EXPECT_EQ(DecideLost(spent, StopReason::kNone).failure, FailureReason::kWorkerFault);
}

TEST(RetryPolicyTest, ALostTrialIsQueuedAgainAndALostStoppingOneIsStopped) {
  EXPECT_EQ(DecideLost({}, StopReason::kNone).event, TrialEvent::kQueuedAgain);
  const EndVerdict stopped = DecideLost({}, StopReason::kUser);
  EXPECT_EQ(stopped.event, TrialEvent::kEndedStopped);
  EXPECT_EQ(stopped.stop, StopReason::kUser);
}

TEST(RetryPolicyTest, ATrialOfXpctlRunIsNeverQueued) {
  const RetryBudget pinned{.retries = 3, .rerun = Rerun::kNever};
  EXPECT_EQ(DecideEnd(End(EndKind::kExit, 1), pinned).failure, FailureReason::kExit);
  EXPECT_EQ(DecideEnd(End(EndKind::kExit, 75), pinned).failure, FailureReason::kExit);
  EXPECT_EQ(DecideEnd(End(EndKind::kWorkerFault), pinned).failure, FailureReason::kTrackerGone);
  EXPECT_EQ(DecideLost(pinned, StopReason::kNone).failure, FailureReason::kTrackerGone);
}

TEST(RetryPolicyTest, ALateStopHoldsBackOnlyWhatWouldBeQueuedAgain) {
  const EndVerdict again = DecideEnd(End(EndKind::kExit, 1), {.retries = 1});
  const EndVerdict stopped = AfterLateStop(again, StopReason::kUser);
  EXPECT_EQ(stopped.event, TrialEvent::kEndedStopped);
  EXPECT_EQ(stopped.charge, Charge::kRetry);
  EXPECT_EQ(AfterLateStop(DecideEnd(End(EndKind::kExit, 0), {}), StopReason::kUser).event,
            TrialEvent::kSucceeded);
  EXPECT_EQ(AfterLateStop(DecideEnd(End(EndKind::kExit, 1), {}), StopReason::kUser).event,
            TrialEvent::kFailedForGood);
}

TEST(RetryPolicyTest, EveryVerdictIsPossibleWhereItIsApplied) {
  for (const TrialEvent event : {TrialEvent::kSucceeded, TrialEvent::kFailedForGood,
                                 TrialEvent::kEndedStopped, TrialEvent::kQueuedAgain}) {
    EXPECT_TRUE(NextState(TrialState::kFinishing, event).ok());
  }
  EXPECT_TRUE(NextState(TrialState::kLost, DecideLost({}, StopReason::kNone).event).ok());
  EXPECT_TRUE(NextState(TrialState::kStopping, DecideLost({}, StopReason::kUser).event).ok());
}

TEST(RetryPolicyTest, TheSentenceSaysWhatHappened) {
  AttemptEnd end = End(EndKind::kWorkerFault);
  end.detail = "workspace full: 0 of 512 MiB free";
  EXPECT_EQ(DecideEnd(end, {}).why,
            "worker fault (workspace full: 0 of 512 MiB free); queued again (worker fault 1 of at "
            "most 3, no retry used)");
}

}  // namespace
}  // namespace xp::core
