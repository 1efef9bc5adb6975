// The whole server but its main and its HTTP side, on a real store in memory and a real port; stubs
// for its callers, and a worker that is played over gRPC.
#pragma once

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "proto/clock.h"
#include "server/backfill/backfill.h"
#include "server/backfill/definitions.h"
#include "server/fleet/change_feed.h"
#include "server/fleet/fleet.h"
#include "server/rpc/call_log.h"
#include "server/rpc/client_streams.h"
#include "server/rpc/grpc_server.h"
#include "server/rpc/services.h"
#include "server/store/store.h"
#include "tests/server/testing/fake_disk.h"
#include "tests/server/testing/specs.h"
#include "tests/server/testing/temp_dir.h"
#include "xp/v1/artifacts.grpc.pb.h"
#include "xp/v1/blobs.grpc.pb.h"
#include "xp/v1/datasets.grpc.pb.h"
#include "xp/v1/experiments.grpc.pb.h"
#include "xp/v1/logs.grpc.pb.h"
#include "xp/v1/metrics.grpc.pb.h"
#include "xp/v1/trials.grpc.pb.h"
#include "xp/v1/workers.grpc.pb.h"

namespace xp::rpc {

// A context that ends a test that hangs.
inline std::unique_ptr<grpc::ClientContext> Context() {
  auto context = std::make_unique<grpc::ClientContext>();
  context->set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  return context;
}

// One worker's stream.
class GrpcWorker {
 public:
  GrpcWorker(const std::shared_ptr<grpc::Channel>& channel, const v1::Hello& hello)
      : stub_(v1::Workers::NewStub(channel)), context_(Context()) {
    stream_ = stub_->Work(context_.get());
    v1::WorkerMessage first;
    *first.mutable_hello() = hello;
    EXPECT_TRUE(stream_->Write(first));
  }
  ~GrpcWorker() {
    if (stream_ == nullptr) return;
    context_->TryCancel();
    stream_->Finish();
  }

  // The next message; empty when the stream has ended.
  v1::ServerMessage Read() {
    v1::ServerMessage message;
    if (!stream_->Read(&message)) message.Clear();
    return message;
  }
  v1::Assignment ReadAssignment() {
    const v1::ServerMessage message = Read();
    EXPECT_TRUE(message.has_assignment()) << message.ShortDebugString();
    return message.assignment();
  }
  bool Write(const v1::WorkerMessage& message) { return stream_->Write(message); }

  void Run(const v1::AttemptId& attempt) {
    v1::WorkerMessage accepted;
    *accepted.mutable_accepted()->mutable_attempt() = attempt;
    Write(accepted);
    v1::WorkerMessage started;
    *started.mutable_started()->mutable_attempt() = attempt;
    started.mutable_started()->mutable_time()->set_seconds(1'700'000'000);
    Write(started);
  }
  // Sends a report and waits for its answer.
  v1::ServerMessage Report(const v1::Report& report) {
    v1::WorkerMessage message;
    *message.mutable_report() = report;
    Write(message);
    return Read();
  }
  void Exit(const v1::AttemptId& attempt, int exit_code, uint64_t log_end) {
    v1::WorkerMessage exited;
    *exited.mutable_exited() = testing::MakeExited(attempt, exit_code, log_end);
    Write(exited);
  }
  // Exits, finishes and waits until the end is stored.
  void End(const v1::AttemptId& attempt, int exit_code, uint64_t log_end) {
    Exit(attempt, exit_code, log_end);
    v1::WorkerMessage finished;
    *finished.mutable_finished() = testing::MakeFinished(attempt, log_end);
    Write(finished);
    EXPECT_TRUE(Read().has_confirmed());
  }
  // The status that the server ended the stream with.
  grpc::Status Finish() {
    const grpc::Status status = stream_->Finish();
    stream_.reset();
    return status;
  }

 private:
  std::unique_ptr<v1::Workers::Stub> stub_;
  std::unique_ptr<grpc::ClientContext> context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::WorkerMessage, v1::ServerMessage>> stream_;
};

class ServerTest : public ::testing::Test {
 protected:
  ServerTest() : call_log_(clock_) {
    store::StoreOptions options;
    options.data_dir = dir_.path();
    options.place = store::StoreOptions::Place::kMemory;
    options.clock = &clock_;
    options.disk_space = &disk_;
    auto store = store::OpenStore(std::move(options));
    if (!store.ok()) Abort(store.status());
    store_ = *std::move(store);
    fleet_ = std::make_unique<fleet::Fleet>(*store_, clock_, fleet::FleetSettings());
    backfill_ = std::make_unique<backfill::Backfill>(*store_);
    parts_ = std::make_unique<ServerParts>(ServerParts{
        *store_, *fleet_, feed_, clock_, backfill::CheckDefinitions,
        [this](const auto& request, const auto& send) { return backfill_->Run(request, send); },
        clock_.Now()});
    AddServices(&table_, *parts_);
    call_log_.Wrap(&table_);
    store_->AddListener(&feed_);
    store_->Start();
    if (const absl::Status status = fleet_->Start(); !status.ok()) Abort(status);
    backfill_->Start();
    auto server = GrpcServer::Start({.address = "127.0.0.1:0"}, table_,
                                    MakeClientStreams(*parts_, 1000), call_log_);
    if (!server.ok()) Abort(server.status());
    server_ = *std::move(server);
    channel_ = NewChannel();
  }
  ~ServerTest() override {
    StopServing();
    backfill_->Stop();
    store_->RemoveListener(&feed_);
    store_->Stop();
  }

  void StopServing() {
    feed_.Close();
    fleet_->Stop();
    server_->Stop();
  }
  std::shared_ptr<grpc::Channel> NewChannel() {
    return grpc::CreateChannel("127.0.0.1:" + std::to_string(server_->port()),
                               grpc::InsecureChannelCredentials());
  }

  grpc::Status Submit(const v1::SubmitExperimentRequest& request,
                      v1::SubmitExperimentResponse* response) {
    return v1::Experiments::NewStub(channel_)->SubmitExperiment(Context().get(), request, response);
  }
  void Submit(const v1::SubmitExperimentRequest& request) {
    v1::SubmitExperimentResponse response;
    const grpc::Status status = Submit(request, &response);
    ASSERT_TRUE(status.ok()) << status.error_message();
  }
  grpc::Status Compare(const v1::CompareTrialsRequest& request,
                       v1::CompareTrialsResponse* response) {
    return v1::Metrics::NewStub(channel_)->CompareTrials(Context().get(), request, response);
  }
  v1::Trial Get(const std::string& name) {
    v1::GetTrialRequest request;
    request.set_name(name);
    v1::Trial trial;
    const grpc::Status status =
        v1::Trials::NewStub(channel_)->GetTrial(Context().get(), request, &trial);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return trial;
  }

  testing::TempDir dir_;
  SystemClock clock_;
  testing::FakeDisk disk_;
  CallLog call_log_;
  MethodTable table_;
  fleet::ChangeFeed feed_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<fleet::Fleet> fleet_;
  std::unique_ptr<backfill::Backfill> backfill_;
  std::unique_ptr<ServerParts> parts_;
  std::unique_ptr<GrpcServer> server_;
  std::shared_ptr<grpc::Channel> channel_;

 private:
  static void Abort(const absl::Status& status) {
    ADD_FAILURE() << status;
    std::abort();
  }
};

}  // namespace xp::rpc
