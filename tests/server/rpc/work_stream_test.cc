// The Work stream over gRPC: how it begins, how the server ends it, and one whole life.
#include "server/rpc/work_stream.h"

#include <gtest/gtest.h>

#include "tests/server/rpc/server_fixture.h"

namespace xp::rpc {
namespace {

using testing::MakeHello;
using testing::MakeReport;
using testing::MakeSubmit;

class WorkStreamTest : public ServerTest {};

TEST_F(WorkStreamTest, FromSubmitToCompare) {
  GrpcWorker worker(channel_, MakeHello("w", 1));
  ASSERT_TRUE(worker.Read().has_welcome());
  Submit(MakeSubmit("E", {"a", "b"}));
  for (const double loss : {0.5, 0.25}) {
    const v1::Assignment assignment = worker.ReadAssignment();
    worker.Run(assignment.attempt());
    const v1::ServerMessage ack =
        worker.Report(MakeReport(assignment.attempt(), 0, "loss\n", "loss", {loss, loss + 0.5}));
    EXPECT_EQ(ack.report_ack().held().offset(), 5u) << ack.ShortDebugString();
    worker.Exit(assignment.attempt(), 0, 5);
    if (loss == 0.25) break;
  }
  v1::CompareTrialsRequest request;
  request.add_experiments("E");
  v1::CompareTrialsResponse response;
  const grpc::Status status = Compare(request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_EQ(response.columns_size(), 1);
  EXPECT_EQ(response.columns(0).metric(), "loss");
  EXPECT_EQ(response.columns(0).goal(), v1::GOAL_MINIMIZE);
  ASSERT_EQ(response.rows_size(), 2);
  EXPECT_EQ(response.rows(0).name(), "E/a");
  EXPECT_DOUBLE_EQ(response.rows(0).cells(0).summary().avg(), 0.75);
  EXPECT_DOUBLE_EQ(response.rows(1).cells(0).summary().avg(), 0.5);
  EXPECT_EQ(response.rows(1).cells(0).summary().count(), 2u);
  EXPECT_TRUE(response.rows(1).cells(0).best());
  ASSERT_EQ(response.columns(0).best_size(), 1);
  EXPECT_EQ(response.columns(0).best(0), "E/b");
}

TEST_F(WorkStreamTest, AnotherFirstMessageEndsTheStream) {
  const auto stub = v1::Workers::NewStub(channel_);
  const auto context = Context();
  const auto stream = stub->Work(context.get());
  v1::WorkerMessage message;
  message.mutable_heartbeat();
  stream->Write(message);
  v1::ServerMessage answer;
  EXPECT_FALSE(stream->Read(&answer));
  const grpc::Status status = stream->Finish();
  EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_NE(status.error_message().find("hello"), std::string::npos);
}

TEST_F(WorkStreamTest, AMalformedHelloNamesItsField) {
  v1::Hello hello = MakeHello("w", 1);
  hello.set_worker("not a name");
  GrpcWorker worker(channel_, hello);
  EXPECT_FALSE(worker.Read().has_welcome());
  const grpc::Status status = worker.Finish();
  EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message().find("hello.worker:"), 0u) << status.error_message();
}

TEST_F(WorkStreamTest, ASecondStreamEndsTheFirstWithAborted) {
  GrpcWorker first(channel_, MakeHello("w", 1));
  ASSERT_TRUE(first.Read().has_welcome());
  GrpcWorker second(NewChannel(), MakeHello("w", 1));
  ASSERT_TRUE(second.Read().has_welcome());
  EXPECT_EQ(first.Read().message_case(), v1::ServerMessage::MESSAGE_NOT_SET);
  const grpc::Status status = first.Finish();
  EXPECT_EQ(status.error_code(), grpc::ABORTED) << status.error_message();
  Submit(MakeSubmit("E", {"a"}));
  EXPECT_EQ(second.ReadAssignment().trial_name(), "E/a");
}

TEST_F(WorkStreamTest, AStoppingServerSaysUnavailable) {
  GrpcWorker worker(channel_, MakeHello("w", 1));
  ASSERT_TRUE(worker.Read().has_welcome());
  StopServing();
  EXPECT_EQ(worker.Read().message_case(), v1::ServerMessage::MESSAGE_NOT_SET);
  EXPECT_EQ(worker.Finish().error_code(), grpc::UNAVAILABLE);
}

TEST_F(WorkStreamTest, AStaleAttemptIsRefusedAndTheStreamLives) {
  GrpcWorker worker(channel_, MakeHello("w", 1));
  ASSERT_TRUE(worker.Read().has_welcome());
  Submit(MakeSubmit("E", {"a"}));
  const v1::AttemptId attempt = worker.ReadAssignment().attempt();
  worker.Run(attempt);
  v1::AttemptId stale = attempt;
  stale.set_number(7);
  v1::ServerMessage answer = worker.Report(MakeReport(stale, 0, "x\n"));
  ASSERT_TRUE(answer.has_refused());
  answer = worker.Report(MakeReport(attempt, 0, "x\n"));
  EXPECT_EQ(answer.report_ack().held().offset(), 2u);
}

TEST_F(WorkStreamTest, ABrokenReportIsRefusedAsABug) {
  GrpcWorker worker(channel_, MakeHello("w", 1));
  ASSERT_TRUE(worker.Read().has_welcome());
  Submit(MakeSubmit("E", {"a"}));
  const v1::AttemptId attempt = worker.ReadAssignment().attempt();
  worker.Run(attempt);
  v1::Report report = MakeReport(attempt, 0, "x\n");
  report.set_to(100);
  const v1::ServerMessage answer = worker.Report(report);
  EXPECT_EQ(answer.refused().code(), grpc::INVALID_ARGUMENT) << answer.ShortDebugString();
}

TEST_F(WorkStreamTest, AnUnknownMessageEndsTheStreamWithItsReason) {
  GrpcWorker worker(channel_, MakeHello("w", 1));
  ASSERT_TRUE(worker.Read().has_welcome());
  worker.Write(v1::WorkerMessage());
  EXPECT_EQ(worker.Read().message_case(), v1::ServerMessage::MESSAGE_NOT_SET);
  EXPECT_EQ(worker.Finish().error_code(), grpc::INVALID_ARGUMENT);
}

}  // namespace
}  // namespace xp::rpc
