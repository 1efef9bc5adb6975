#include "server/fleet/outbox.h"

#include <gtest/gtest.h>

#include <thread>

namespace xp::fleet {
namespace {

v1::ServerMessage Drained(const std::string& text) {
  v1::ServerMessage message;
  message.mutable_drained()->set_message(text);
  return message;
}

TEST(OutboxTest, KeepsTheOrder) {
  Outbox outbox(10);
  EXPECT_TRUE(outbox.Send(Drained("1")));
  EXPECT_TRUE(outbox.Send(Drained("2")));
  EXPECT_EQ(outbox.Next()->drained().message(), "1");
  EXPECT_EQ(outbox.Next()->drained().message(), "2");
}

TEST(OutboxTest, AWorkerThatReadsTooSlowlyIsDisconnected) {
  Outbox outbox(2);
  EXPECT_TRUE(outbox.Send(Drained("1")));
  EXPECT_TRUE(outbox.Send(Drained("2")));
  EXPECT_FALSE(outbox.Send(Drained("3")));
  EXPECT_EQ(outbox.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_FALSE(outbox.Next().has_value());
}

TEST(OutboxTest, TheFirstCloseCounts) {
  Outbox outbox(2);
  outbox.Close(absl::AbortedError("first"));
  outbox.Close(absl::UnavailableError("second"));
  EXPECT_EQ(outbox.status().code(), absl::StatusCode::kAborted);
  EXPECT_FALSE(outbox.Send(Drained("late")));
}

TEST(OutboxTest, CloseWakesWhoWaits) {
  Outbox outbox(2);
  std::thread writer([&] { EXPECT_FALSE(outbox.Next().has_value()); });
  outbox.Close(absl::OkStatus());
  writer.join();
}

}  // namespace
}  // namespace xp::fleet
