#include "worker/daemon/exit_meaning.h"

#include <gtest/gtest.h>

namespace xp::daemon {
namespace {

TEST(ExitMeaningTest, APlainExitIsLeftToItsCode) {
  const ExitMeaning meaning = MeaningOf({.exit_code = 3});
  EXPECT_EQ(meaning.reason, "");
  EXPECT_EQ(meaning.exit_code, 3);
  EXPECT_EQ(meaning.message, "");
}

TEST(ExitMeaningTest, ASignalHasNoCode) {
  const ExitMeaning meaning = MeaningOf({.reason = runner::EndReason::kSignal, .signal = 11});
  EXPECT_EQ(meaning.reason, "SIGNAL");
  EXPECT_FALSE(meaning.exit_code.has_value());
}

TEST(ExitMeaningTest, WhoStoppedItCountsMoreThanHowItEnded) {
  runner::ExitRecord record{
      .exit_code = 1, .stop_cause = runner::StopCause::kRequested, .stop_reason = "USER"};
  EXPECT_EQ(MeaningOf(record).reason, "USER");
  record.stop_reason = "MAX_RUNTIME";
  EXPECT_EQ(MeaningOf(record).reason, "MAX_RUNTIME");
  record.stop_cause = runner::StopCause::kTimeLimit;
  EXPECT_EQ(MeaningOf(record).reason, "MAX_RUNTIME");
}

TEST(ExitMeaningTest, AMachineThatGoesDownIsNotTheProgramsFault) {
  runner::ExitRecord record{.reason = runner::EndReason::kSignal,
                            .signal = 15,
                            .stop_cause = runner::StopCause::kTerminated};
  EXPECT_EQ(MeaningOf(record).reason, "WORKER_FAULT");
  EXPECT_NE(MeaningOf(record).message.find("shutdown"), std::string::npos);
}

TEST(ExitMeaningTest, ThatSavedItsStateAndSaidSoIsBelieved) {
  const ExitMeaning meaning =
      MeaningOf({.exit_code = 75, .stop_cause = runner::StopCause::kTerminated});
  EXPECT_EQ(meaning.reason, "");
  EXPECT_EQ(meaning.exit_code, 75);
}

TEST(ExitMeaningTest, WhatNeverBeganSaysWhyInItsOwnWord) {
  for (const runner::EndReason reason :
       {runner::EndReason::kNotFound, runner::EndReason::kStartFailed}) {
    EXPECT_FALSE(MeaningOf({.reason = reason}).exit_code.has_value());
  }
  EXPECT_EQ(MeaningOf({.reason = runner::EndReason::kNotFound}).reason, "NOT_FOUND");
  EXPECT_EQ(MeaningOf({.reason = runner::EndReason::kStartFailed}).reason, "WORKER_FAULT");
  EXPECT_EQ(MeaningOf({.reason = runner::EndReason::kCalledOff, .stop_reason = "INPUT"}).reason,
            "INPUT");
}

TEST(ExitMeaningTest, NothingIsHushedUp) {
  const ExitMeaning meaning =
      MeaningOf({.message = "m", .log_truncations = 2, .descendants_left = 3});
  EXPECT_EQ(meaning.message,
            "m; the log was cut 2 times from inside (does a script write to /dev/stderr?); 3 "
            "processes could not be ended");
}

}  // namespace
}  // namespace xp::daemon
