// The table over a real gRPC server: codes, messages, exceptions, limits, health and reflection.
#include "server/rpc/grpc_service.h"

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "proto/clock.h"
#include "proto/limits.h"
#include "server/rpc/grpc_server.h"
#include "xp/v1/experiments.grpc.pb.h"
#include "xp/v1/trials.grpc.pb.h"

namespace xp::rpc {
namespace {

class GrpcServiceTest : public ::testing::Test {
 protected:
  GrpcServiceTest() : call_log_(clock_) {
    table_.AddUnary<v1::GetExperimentRequest, v1::Experiment>(
        "/xp.v1.Experiments/GetExperiment",
        [](CallContext&, const v1::GetExperimentRequest& request,
           v1::Experiment* response) -> absl::Status {
          if (request.name() == "throw") throw std::runtime_error("boom");
          if (request.name() == "huge") {
            response->set_notes(std::string(limits::kMessageMaxBytes + 1, 'x'));
            return absl::OkStatus();
          }
          if (request.name().empty()) return absl::InvalidArgumentError("name: is empty");
          response->set_name(request.name());
          return absl::OkStatus();
        });
    table_.AddServerStream<v1::WatchTrialsRequest, v1::WatchTrialsResponse>(
        "/xp.v1.Trials/WatchTrials",
        [](CallContext&, const v1::WatchTrialsRequest& request,
           const std::function<bool(const v1::WatchTrialsResponse&)>& send) -> absl::Status {
          v1::WatchTrialsResponse response;
          response.add_trials()->set_name(request.experiment());
          if (!send(response) || !send(response)) return absl::CancelledError("gone");
          return absl::OutOfRangeError("enough");
        });
    call_log_.Wrap(&table_);
    auto server = GrpcServer::Start({.address = "127.0.0.1:0"}, table_, {}, call_log_);
    if (!server.ok()) {
      ADD_FAILURE() << server.status();
      std::abort();
    }
    server_ = *std::move(server);
    channel_ = grpc::CreateChannel("127.0.0.1:" + std::to_string(server_->port()),
                                   grpc::InsecureChannelCredentials());
  }

  grpc::Status Get(const std::string& name, v1::Experiment* response) {
    grpc::ClientContext context;
    v1::GetExperimentRequest request;
    request.set_name(name);
    return v1::Experiments::NewStub(channel_)->GetExperiment(&context, request, response);
  }

  ManualClock clock_;
  CallLog call_log_;
  MethodTable table_;
  std::unique_ptr<GrpcServer> server_;
  std::shared_ptr<grpc::Channel> channel_;
};

TEST_F(GrpcServiceTest, AnswersAndRefuses) {
  v1::Experiment response;
  EXPECT_TRUE(Get("e", &response).ok());
  EXPECT_EQ(response.name(), "e");
  const grpc::Status refused = Get("", &response);
  EXPECT_EQ(refused.error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_EQ(refused.error_message(), "name: is empty");
  EXPECT_EQ(call_log_.counts()[0], 1u);
  EXPECT_EQ(call_log_.counts()[grpc::INVALID_ARGUMENT], 1u);
}

TEST_F(GrpcServiceTest, AnExceptionIsToldAsWhatItIs) {
  v1::Experiment response;
  const grpc::Status status = Get("throw", &response);
  EXPECT_EQ(status.error_code(), grpc::INTERNAL);
  EXPECT_NE(status.error_message().find("boom"), std::string::npos);
}

TEST_F(GrpcServiceTest, MessagesBeyondTheCapAreRefusedWithTheirSize) {
  v1::Experiment response;
  const grpc::Status too_long = Get(std::string(limits::kMessageMaxBytes, 'x'), &response);
  EXPECT_EQ(too_long.error_code(), grpc::RESOURCE_EXHAUSTED);
  EXPECT_NE(too_long.error_message().find("4194304"), std::string::npos)
      << too_long.error_message();
  EXPECT_NE(too_long.error_message().find("split"), std::string::npos) << too_long.error_message();
  const grpc::Status huge = Get("huge", &response);
  EXPECT_EQ(huge.error_code(), grpc::RESOURCE_EXHAUSTED);
  EXPECT_NE(huge.error_message().find("page"), std::string::npos) << huge.error_message();
}

TEST_F(GrpcServiceTest, TextThatIsNoUtf8IsRefused) {
  v1::Experiment response;
  const grpc::Status status = Get("\xff\xfe", &response);
  EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_NE(status.error_message().find("UTF-8"), std::string::npos) << status.error_message();
}

TEST_F(GrpcServiceTest, AStreamEndsWithItsStatus) {
  grpc::ClientContext context;
  v1::WatchTrialsRequest request;
  request.set_experiment("e");
  const auto reader = v1::Trials::NewStub(channel_)->WatchTrials(&context, request);
  v1::WatchTrialsResponse response;
  int messages = 0;
  while (reader->Read(&response)) ++messages;
  EXPECT_EQ(messages, 2);
  EXPECT_EQ(reader->Finish().error_code(), grpc::OUT_OF_RANGE);
}

TEST_F(GrpcServiceTest, AMethodThatIsNotThereIsUnimplemented) {
  grpc::ClientContext context;
  v1::Trial response;
  EXPECT_EQ(v1::Trials::NewStub(channel_)
                ->GetTrial(&context, v1::GetTrialRequest(), &response)
                .error_code(),
            grpc::UNIMPLEMENTED);
}

TEST_F(GrpcServiceTest, TheSameAddressTwiceIsRefused) {
  const auto second = GrpcServer::Start({.address = "127.0.0.1:" + std::to_string(server_->port())},
                                        table_, {}, call_log_);
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_NE(second.status().message().find("--listen"), std::string::npos);
}

}  // namespace
}  // namespace xp::rpc
