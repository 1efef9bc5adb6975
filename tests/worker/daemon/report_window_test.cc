#include "worker/daemon/report_window.h"

#include <gtest/gtest.h>

#include "proto/limits.h"

namespace xp::daemon {
namespace {

constexpr absl::Duration kNow = absl::Seconds(100);

SourcePosition At(uint64_t offset, int generation = 0) {
  return {.generation = generation, .position = {.offset = offset}};
}

TEST(ReportWindowTest, AnswersInOrderMoveWhatIsHeld) {
  ReportWindow window;
  window.Restart(At(5));
  window.Sent(At(10));
  window.Sent(At(20));
  EXPECT_EQ(window.next(), At(20));
  window.Answered(At(10));
  EXPECT_EQ(window.held(), At(10));
  EXPECT_FALSE(window.idle());
  window.Answered(At(20));
  EXPECT_TRUE(window.idle());
  EXPECT_TRUE(window.MaySend(kNow));
}

TEST(ReportWindowTest, AnotherOffsetIsGoneOnFromOnceAllAnswersAreIn) {
  ReportWindow window;
  window.Restart(At(0));
  for (const uint64_t to : {10, 20, 30}) window.Sent(At(to));
  window.Answered(At(3));
  EXPECT_FALSE(window.MaySend(kNow)) << "two answers are still to come";
  window.Answered(At(3));
  EXPECT_FALSE(window.MaySend(kNow));
  window.Answered(At(3));
  EXPECT_TRUE(window.MaySend(kNow));
  EXPECT_EQ(window.next(), At(3));
}

TEST(ReportWindowTest, ARefusalAndTheAnswersBehindItLeadBackToWhatIsHeld) {
  ReportWindow window;
  window.Restart(At(0));
  window.Sent(At(10));
  window.Sent(At(20));
  window.Refused();
  window.Answered(At(0));
  EXPECT_TRUE(window.MaySend(kNow));
  EXPECT_EQ(window.next(), At(0));
}

TEST(ReportWindowTest, AnswersThatNeverComeAreNotWaitedForLong) {
  ReportWindow window;
  window.Restart(At(0));
  window.Sent(At(10));
  window.Sent(At(20));
  window.Refused();
  EXPECT_FALSE(window.MaySend(kNow));
  EXPECT_FALSE(window.MaySend(kNow + absl::Seconds(9)));
  EXPECT_TRUE(window.MaySend(kNow + absl::Seconds(10)));
  EXPECT_EQ(window.next(), At(0));
}

TEST(ReportWindowTest, AtMostEightMebibytesAreInFlight) {
  ReportWindow window;
  window.Restart(At(0));
  uint64_t sent = 0;
  while (window.MaySend(kNow)) {
    sent += limits::kReportMaxBytes;
    window.Sent(At(sent));
    ASSERT_LE(sent, limits::kUnacknowledgedMaxBytes);
  }
  EXPECT_EQ(sent, limits::kUnacknowledgedMaxBytes);
}

TEST(ReportWindowTest, ANewStreamForgetsWhatWasInFlight) {
  ReportWindow window;
  window.Restart(At(0));
  window.Sent(At(10));
  window.Restart(At(4));
  EXPECT_TRUE(window.idle());
  EXPECT_EQ(window.next(), At(4));
}

TEST(ReportWindowTest, ANewGenerationGoesOneReportAtATime) {
  ReportWindow window;
  window.Restart(At(100));
  window.Jump(At(0, 1));
  EXPECT_TRUE(window.MaySend(kNow));
  window.Sent(At(10, 1));
  EXPECT_FALSE(window.MaySend(kNow));
  window.Answered(At(10, 1));
  EXPECT_TRUE(window.MaySend(kNow));
}

TEST(ReportWindowTest, WhatAnotherSourceHasInFlightCountsToo) {
  ReportWindow window;
  window.Restart({});
  EXPECT_TRUE(window.MaySend(absl::ZeroDuration()));
  EXPECT_TRUE(window.MaySend(absl::ZeroDuration(),
                             limits::kUnacknowledgedMaxBytes - limits::kReportMaxBytes));
  EXPECT_FALSE(window.MaySend(absl::ZeroDuration(), limits::kUnacknowledgedMaxBytes));
  window.Sent({.position = {.offset = 100}});
  EXPECT_EQ(window.bytes_in_flight(), 100u);
  EXPECT_FALSE(window.MaySend(absl::ZeroDuration(),
                              limits::kUnacknowledgedMaxBytes - limits::kReportMaxBytes));
  window.Answered({.position = {.offset = 100}});
  EXPECT_EQ(window.bytes_in_flight(), 0u);
}

}  // namespace
}  // namespace xp::daemon
