// The far end: one worker, its messages spoken by the test.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/fleet/fleet.h"
#include "tests/server/testing/specs.h"

namespace xp::fleet {

class FakeWorker {
 public:
  FakeWorker(Fleet& fleet, std::string name, int slots)
      : fleet_(&fleet), hello_(testing::MakeHello(name, slots)) {}

  v1::Hello& hello() { return hello_; }

  // Begins a stream; the answer is its Welcome.
  v1::Welcome Connect() {
    outbox_ = std::make_shared<Outbox>(1000);
    auto session = fleet_->Connect(hello_, outbox_);
    EXPECT_TRUE(session.ok()) << session.status();
    if (!session.ok()) return {};
    session_ = *std::move(session);
    const auto first = Next();
    EXPECT_TRUE(first.has_value() && first->has_welcome()) << "Welcome comes first";
    return first.has_value() ? first->welcome() : v1::Welcome();
  }
  void Disconnect() { session_.reset(); }
  // The same worker at another fleet: the server was started again.
  void MoveTo(Fleet& fleet) { fleet_ = &fleet; }

  // What waits, or nothing.
  std::optional<v1::ServerMessage> Next() {
    if (outbox_->waiting() == 0) return std::nullopt;
    return outbox_->Next();
  }
  // The next message, which must be an assignment.
  v1::Assignment NextAssignment() {
    const auto message = Next();
    EXPECT_TRUE(message.has_value() && message->has_assignment())
        << (message.has_value() ? message->ShortDebugString() : "nothing waits");
    return message.has_value() ? message->assignment() : v1::Assignment();
  }
  std::optional<v1::Refused> NextRefused() {
    const auto message = Next();
    if (!message.has_value() || !message->has_refused()) return std::nullopt;
    return message->refused();
  }
  absl::Status stream_status() const { return outbox_->status(); }

  absl::Status Say(const v1::WorkerMessage& message) { return session_->Handle(message); }
  absl::Status Accept(const v1::AttemptId& attempt) {
    v1::WorkerMessage message;
    *message.mutable_accepted()->mutable_attempt() = attempt;
    return Say(message);
  }
  absl::Status Start(const v1::AttemptId& attempt) {
    v1::WorkerMessage message;
    *message.mutable_started()->mutable_attempt() = attempt;
    message.mutable_started()->mutable_time()->set_seconds(1'700'000'000);
    return Say(message);
  }
  absl::Status Report(const v1::Report& report) {
    v1::WorkerMessage message;
    *message.mutable_report() = report;
    return Say(message);
  }
  absl::Status Exit(const v1::Exited& exited) {
    v1::WorkerMessage message;
    *message.mutable_exited() = exited;
    return Say(message);
  }
  absl::Status Finish(const v1::AttemptId& attempt, uint64_t log_end = 0) {
    v1::WorkerMessage message;
    *message.mutable_finished() = testing::MakeFinished(attempt, log_end);
    return Say(message);
  }
  absl::Status Heartbeat(const std::vector<v1::AttemptId>& attempts) {
    v1::WorkerMessage message;
    message.mutable_heartbeat();
    for (const v1::AttemptId& attempt : attempts) {
      *message.mutable_heartbeat()->add_attempts() = attempt;
    }
    return Say(message);
  }
  // Accepted and started.
  void Run(const v1::AttemptId& attempt) {
    EXPECT_EQ(Accept(attempt), absl::OkStatus());
    EXPECT_EQ(Start(attempt), absl::OkStatus());
  }
  // Ended with `exit_code`, nothing in its log.
  void End(const v1::AttemptId& attempt, int exit_code) {
    EXPECT_EQ(Exit(testing::MakeExited(attempt, exit_code, 0)), absl::OkStatus());
    EXPECT_EQ(Finish(attempt), absl::OkStatus());
  }
  // Names `attempt` in the next Hello.
  v1::HeldAttempt* Hold(const v1::AttemptId& attempt, v1::HeldAttempt::Phase phase) {
    v1::HeldAttempt* held = hello_.add_held();
    *held->mutable_attempt() = attempt;
    held->set_phase(phase);
    return held;
  }

 private:
  Fleet* fleet_;
  v1::Hello hello_;
  std::shared_ptr<Outbox> outbox_;
  std::unique_ptr<WorkerSession> session_;
};

}  // namespace xp::fleet
