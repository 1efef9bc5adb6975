#include "server/core/trial_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>

namespace xp::core {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using S = TrialState;
using E = TrialEvent;

// Written again here, cell by cell, so that no change of the table goes unseen. '.' is refused.
// Columns are the states in the order of kTrialStates, rows the events.
constexpr char kExpected[] = R"(
               QUEUED    ASSIGNED  RUNNING   FINISHING STOPPING  LOST      COMPLETED FAILED    STOPPED
assign         ASSIGNED  .         .         .         .         .         .         .         .
expired        .         LOST      LOST      .         STOPPING  .         .         .         .
started        .         RUNNING   RUNNING   .         STOPPING  RUNNING   .         .         .
not-taken      .         QUEUED    .         .         STOPPED   QUEUED    .         .         .
returned       RUNNING   ASSIGNED  RUNNING   FINISHING STOPPING  RUNNING   .         .         .
exited         FINISHING FINISHING FINISHING FINISHING FINISHING FINISHING .         .         .
stop           STOPPED   STOPPING  STOPPING  FINISHING STOPPING  STOPPING  .         .         .
retry          .         .         .         .         .         .         .         QUEUED    QUEUED
succeeded      .         .         .         COMPLETED .         .         .         .         .
failed         .         .         FAILED    FAILED    .         FAILED    .         .         .
ended-stopped  .         .         .         STOPPED   STOPPED   .         .         .         .
queued-again   .         .         QUEUED    QUEUED    .         QUEUED    .         .         .
gave-up        .         .         .         FAILED    .         .         .         .         .
repaired       .         .         .         .         .         .         .         FINISHING .
)";

TEST(TrialStateTest, EveryCellOfTheTable) {
  std::istringstream table(kExpected);
  std::string word;
  for (const S state : kTrialStates) {
    ASSERT_TRUE(table >> word);
    ASSERT_EQ(word, StateName(state)) << "the header of the expected table";
  }
  size_t cells = 0;
  for (const E event : kTrialEvents) {
    ASSERT_TRUE(table >> word);  // the row's name, for readers
    for (const S state : kTrialStates) {
      ASSERT_TRUE(table >> word);
      ++cells;
      SCOPED_TRACE(std::string(StateName(state)) + " x " + std::string(EventName(event)));
      const auto next = NextState(state, event, FailureReason::kIncomplete);
      if (word == ".") {
        EXPECT_EQ(next.status().code(), absl::StatusCode::kFailedPrecondition);
      } else if (next.ok()) {
        EXPECT_EQ(StateName(*next), word);
      } else {
        ADD_FAILURE() << next.status();
      }
    }
  }
  EXPECT_EQ(cells, 9u * 14u);
}

TEST(TrialStateTest, StoppingEndsStoppedOrFinishingAndNothingElse) {
  for (const E event : kTrialEvents) {
    const auto next = NextState(S::kStopping, event);
    if (!next.ok()) continue;
    EXPECT_TRUE(*next == S::kStopping || *next == S::kFinishing || *next == S::kStopped)
        << EventName(event);
  }
}

TEST(TrialStateTest, AnEndedTrialHearsNothingFromWorkers) {
  for (const S state : {S::kCompleted, S::kFailed, S::kStopped}) {
    EXPECT_TRUE(IsEnded(state));
    EXPECT_FALSE(IsLeased(state));
    for (const E event : {E::kStarted, E::kWorkerReturned, E::kExited, E::kSucceeded}) {
      EXPECT_FALSE(NextState(state, event).ok()) << StateName(state) << " " << EventName(event);
    }
  }
}

TEST(TrialStateTest, RefusalOfAnActionNamesTheStateAndTheActionsThatArePossible) {
  EXPECT_THAT(std::string(NextState(S::kCompleted, E::kStopRequested).status().message()),
              AllOf(HasSubstr("COMPLETED"), HasSubstr("'stop' is not possible"),
                    HasSubstr("possible now: delete")));
  EXPECT_THAT(std::string(NextState(S::kRunning, E::kRetryRequested).status().message()),
              AllOf(HasSubstr("RUNNING"), HasSubstr("possible now: stop")));
  EXPECT_THAT(std::string(NextState(S::kStopped, E::kStopRequested).status().message()),
              HasSubstr("possible now: retry, delete"));
}

TEST(TrialStateTest, RefusalOfAnEventNamesTheEventsThatArePossible) {
  EXPECT_THAT(std::string(NextState(S::kAssigned, E::kSucceeded).status().message()),
              AllOf(HasSubstr("ASSIGNED"), HasSubstr("started"), HasSubstr("not taken")));
  EXPECT_THAT(std::string(NextState(S::kCompleted, E::kStarted).status().message()),
              HasSubstr("possible now: nothing"));
}

TEST(TrialStateTest, OnlyIncompleteIsRepaired) {
  EXPECT_EQ(*NextState(S::kFailed, E::kRepaired, FailureReason::kIncomplete), S::kFinishing);
  const auto exit = NextState(S::kFailed, E::kRepaired, FailureReason::kExit);
  EXPECT_EQ(exit.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(exit.status().message()), HasSubstr("EXIT"));
}

TEST(TrialStateTest, NamesGoThereAndBack) {
  for (const S state : kTrialStates) EXPECT_EQ(ParseTrialState(StateName(state)), state);
  EXPECT_EQ(ParseTrialState("completed"), S::kCompleted);
  EXPECT_EQ(ParseTrialState("DONE"), std::nullopt);
  for (const FailureReason reason :
       {FailureReason::kNone, FailureReason::kExit, FailureReason::kSignal,
        FailureReason::kOutOfMemory, FailureReason::kNotFound, FailureReason::kInput,
        FailureReason::kWorkerFault, FailureReason::kTrackerGone, FailureReason::kIncomplete}) {
    EXPECT_EQ(ParseFailureReason(ReasonName(reason)), reason);
  }
  for (const StopReason reason : {StopReason::kNone, StopReason::kUser, StopReason::kMaxRuntime}) {
    EXPECT_EQ(ParseStopReason(ReasonName(reason)), reason);
  }
  EXPECT_EQ(ParseFailureReason("TIRED"), std::nullopt);
}

TEST(TrialStateTest, PossibleEventsComeInTheirOrder) {
  EXPECT_THAT(PossibleEvents(S::kQueued),
              ElementsAre(E::kAssign, E::kWorkerReturned, E::kExited, E::kStopRequested));
  EXPECT_TRUE(PossibleEvents(S::kCompleted).empty());
}

}  // namespace
}  // namespace xp::core
