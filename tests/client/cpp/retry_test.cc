#include "client/cpp/retry.h"

#include <gtest/gtest.h>

#include "tests/client/cpp/fake_time.h"

namespace xp::client {
namespace {

TEST(RetryTest, OnlyUnavailableIsTriedAgain) {
  FakeTime time;
  const Retrier retrier({}, time.Environment());
  int calls = 0;
  for (const auto code : {absl::StatusCode::kAborted, absl::StatusCode::kDeadlineExceeded,
                          absl::StatusCode::kResourceExhausted, absl::StatusCode::kInternal}) {
    calls = 0;
    const absl::Status status = retrier.Run([&](bool*) {
      ++calls;
      return absl::Status(code, "no");
    });
    EXPECT_EQ(status.code(), code);
    EXPECT_EQ(calls, 1);
  }
  calls = 0;
  EXPECT_TRUE(retrier
                  .Run([&](bool*) {
                    return ++calls < 4 ? absl::UnavailableError("away") : absl::OkStatus();
                  })
                  .ok());
  EXPECT_EQ(calls, 4);
  EXPECT_EQ(time.sleeps.size(), 3u);
}

TEST(RetryTest, PausesDoubleUpToTheirBound) {
  FakeTime time;
  const Retrier retrier({}, time.Environment());
  // The fake's random is a half: three quarters of the bound.
  EXPECT_EQ(retrier.Pause(1), absl::Milliseconds(75));
  EXPECT_EQ(retrier.Pause(2), absl::Milliseconds(150));
  EXPECT_EQ(retrier.Pause(3), absl::Milliseconds(300));
  EXPECT_EQ(retrier.Pause(50), absl::Seconds(3.75));
}

TEST(RetryTest, ItGivesUpInTimeWithTheLastAnswer) {
  FakeTime time;
  RetryPolicy policy;
  policy.give_up_after = absl::Seconds(2);
  const Retrier retrier(policy, time.Environment());
  EXPECT_TRUE(
      absl::IsUnavailable(retrier.Run([](bool*) { return absl::UnavailableError("away"); })));
  EXPECT_LE(time.now, absl::Seconds(2));
  EXPECT_GT(time.now, absl::Seconds(1));
}

TEST(RetryTest, ProgressBeginsTheClockAnew) {
  FakeTime time;
  RetryPolicy policy;
  policy.give_up_after = absl::Seconds(1);
  const Retrier retrier(policy, time.Environment());
  int calls = 0;
  EXPECT_TRUE(retrier
                  .Run([&](bool* progressed) {
                    *progressed = true;
                    return ++calls < 100 ? absl::UnavailableError("cut") : absl::OkStatus();
                  })
                  .ok());
  EXPECT_EQ(calls, 100);
}

TEST(RetryTest, CancellingEndsIt) {
  FakeTime time;
  RetryEnvironment environment = time.Environment();
  environment.cancelled = [] { return true; };
  int calls = 0;
  EXPECT_TRUE(absl::IsUnavailable(Retrier({}, environment).Run([&](bool*) {
    ++calls;
    return absl::UnavailableError("away");
  })));
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace xp::client
