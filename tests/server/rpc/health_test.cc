// grpc.health.v1 as a prober sees it: its messages are written by hand, as the library keeps its
// own to itself.
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>

#include "proto/clock.h"
#include "server/rpc/grpc_server.h"
#include "server/rpc/grpc_service.h"

namespace xp::rpc {
namespace {

const std::string kServing("\x08\x01", 2);
const std::string kNotServing("\x08\x02", 2);

grpc::ByteBuffer CheckRequest(const std::string& service) {
  const std::string bytes =
      service.empty() ? "" : "\x0a" + std::string(1, static_cast<char>(service.size())) + service;
  const grpc::Slice slice(bytes);
  return {&slice, 1};
}

std::string Bytes(const grpc::ByteBuffer& buffer) {
  grpc::Slice slice;
  if (!buffer.DumpToSingleSlice(&slice).ok()) return "no message";
  return {reinterpret_cast<const char*>(slice.begin()), slice.size()};
}

class HealthTest : public ::testing::Test {
 protected:
  HealthTest() : call_log_(clock_) {
    auto server = GrpcServer::Start({.address = "127.0.0.1:0"}, table_, {}, call_log_);
    if (!server.ok()) {
      ADD_FAILURE() << server.status();
      std::abort();
    }
    server_ = *std::move(server);
    stub_ = std::make_unique<grpc::GenericStub>(grpc::CreateChannel(
        "127.0.0.1:" + std::to_string(server_->port()), grpc::InsecureChannelCredentials()));
    context_.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  }
  ~HealthTest() override {
    queue_.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) continue;
  }

  // The next event of the queue.
  bool Done() {
    void* tag = nullptr;
    bool ok = false;
    return queue_.Next(&tag, &ok) && ok;
  }
  void* tag() { return this; }

  SystemClock clock_;
  MethodTable table_;
  CallLog call_log_;
  std::unique_ptr<GrpcServer> server_;
  std::unique_ptr<grpc::GenericStub> stub_;
  grpc::CompletionQueue queue_;
  grpc::ClientContext context_;
};

TEST_F(HealthTest, EachServiceIsServing) {
  for (const std::string& service :
       {std::string(), std::string("xp.v1.Workers"), std::string("xp.v1.Experiments"),
        std::string("xp.v1.Admin")}) {
    grpc::ClientContext context;
    const auto call = stub_->PrepareUnaryCall(&context, "/grpc.health.v1.Health/Check",
                                              CheckRequest(service), &queue_);
    call->StartCall();
    grpc::ByteBuffer response;
    grpc::Status status;
    call->Finish(&response, &status, tag());
    ASSERT_TRUE(Done());
    EXPECT_TRUE(status.ok()) << service << ": " << status.error_message();
    EXPECT_EQ(Bytes(response), kServing) << service;
  }
}

TEST_F(HealthTest, WhoWatchesIsToldThatTheServerStops) {
  const auto call = stub_->PrepareCall(&context_, "/grpc.health.v1.Health/Watch", &queue_);
  call->StartCall(tag());
  ASSERT_TRUE(Done());
  call->WriteLast(CheckRequest("xp.v1.Trials"), {}, tag());
  ASSERT_TRUE(Done());
  grpc::ByteBuffer response;
  call->Read(&response, tag());
  ASSERT_TRUE(Done());
  EXPECT_EQ(Bytes(response), kServing);
  std::thread stop([this] { server_->Stop(); });
  response.Clear();
  call->Read(&response, tag());
  EXPECT_TRUE(Done());
  EXPECT_EQ(Bytes(response), kNotServing);
  context_.TryCancel();
  stop.join();
}

}  // namespace
}  // namespace xp::rpc
