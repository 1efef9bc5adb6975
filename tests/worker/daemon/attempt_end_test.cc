#include "worker/daemon/attempt_end.h"

#include <gtest/gtest.h>

namespace xp::daemon {
namespace {

using runner::EndReason;
using runner::ExitRecord;
using runner::StopCause;

v1::Exited Told(const ExitRecord& record) {
  return ExitedMessage({}, record, static_cast<uint64_t>(record.log_bytes));
}

TEST(AttemptEndTest, APlainExitIsLeftToItsCode) {
  const v1::Exited exited = Told({.exit_code = 3});
  EXPECT_EQ(exited.reason(), v1::END_REASON_UNSPECIFIED);
  EXPECT_EQ(exited.exit_code(), 3);
  EXPECT_EQ(exited.message(), "");
}

TEST(AttemptEndTest, ASignalHasNoCode) {
  const v1::Exited exited = Told({.reason = EndReason::kSignal, .signal = 11});
  EXPECT_EQ(exited.reason(), v1::SIGNAL);
  EXPECT_EQ(exited.signal(), 11);
  EXPECT_FALSE(exited.has_exit_code());
}

TEST(AttemptEndTest, WhoStoppedItCountsMoreThanHowItEnded) {
  ExitRecord record{
      .exit_code = 1, .stop_cause = StopCause::kRequested, .stop_reason = StopWord(v1::USER)};
  EXPECT_EQ(Told(record).reason(), v1::USER);
  record.stop_reason = StopWord(v1::MAX_RUNTIME);
  EXPECT_EQ(Told(record).reason(), v1::MAX_RUNTIME);
  record.stop_cause = StopCause::kTimeLimit;
  EXPECT_EQ(Told(record).reason(), v1::MAX_RUNTIME);
}

TEST(AttemptEndTest, AMachineThatGoesDownIsNotTheProgramsFault) {
  const v1::Exited exited =
      Told({.reason = EndReason::kSignal, .signal = 15, .stop_cause = StopCause::kTerminated});
  EXPECT_EQ(exited.reason(), v1::WORKER_FAULT);
  EXPECT_NE(exited.message().find("shutdown"), std::string::npos);
}

TEST(AttemptEndTest, ThatSavedItsStateAndSaidSoIsBelieved) {
  const v1::Exited exited = Told({.exit_code = 75, .stop_cause = StopCause::kTerminated});
  EXPECT_EQ(exited.reason(), v1::END_REASON_UNSPECIFIED);
  EXPECT_EQ(exited.exit_code(), 75);
}

TEST(AttemptEndTest, WhatNeverBeganSaysWhyInItsOwnWord) {
  for (const EndReason reason : {EndReason::kNotFound, EndReason::kStartFailed}) {
    EXPECT_FALSE(Told({.reason = reason}).has_exit_code());
  }
  EXPECT_EQ(Told({.reason = EndReason::kNotFound}).reason(), v1::NOT_FOUND);
  EXPECT_EQ(Told({.reason = EndReason::kStartFailed}).reason(), v1::WORKER_FAULT);
  const std::string input = v1::EndReason_Name(v1::INPUT);
  EXPECT_EQ(Told({.reason = EndReason::kCalledOff, .stop_reason = input}).reason(), v1::INPUT);
}

TEST(AttemptEndTest, AWordOfAnotherVersionIsAWorkerFault) {
  for (const std::string word : {"", "NEW_IN_2030"}) {
    EXPECT_EQ(Told({.reason = EndReason::kCalledOff, .stop_reason = word}).reason(),
              v1::WORKER_FAULT);
  }
}

TEST(AttemptEndTest, NothingIsHushedUp) {
  EXPECT_EQ(Told({.message = "m", .log_truncations = 2, .descendants_left = 3}).message(),
            "m; the log was cut 2 times from inside (does a script write to /dev/stderr?); 3 "
            "processes could not be ended");
}

}  // namespace
}  // namespace xp::daemon
