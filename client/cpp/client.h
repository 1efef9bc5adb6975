// One connection with the stubs of every service, and plain unary calls through the retry loop.
//
//   client.Call(&v1::Trials::Stub::GetTrial, request)  ->  absl::StatusOr<v1::Trial>
//
// Only calls that may be repeated go through Call: reads, and changes that carry a request_id or
// are idempotent (all of xp's are: see the comments in proto/). Errors: the server's status.
//
// Threads: safe from any thread. Lifetime: keeps its channel alive.
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <chrono>
#include <memory>
#include <tuple>
#include <utility>

#include "client/cpp/retry.h"
#include "proto/status.h"
#include "xp/v1/admin.grpc.pb.h"
#include "xp/v1/artifacts.grpc.pb.h"
#include "xp/v1/blobs.grpc.pb.h"
#include "xp/v1/datasets.grpc.pb.h"
#include "xp/v1/experiments.grpc.pb.h"
#include "xp/v1/logs.grpc.pb.h"
#include "xp/v1/metrics.grpc.pb.h"
#include "xp/v1/trials.grpc.pb.h"
#include "xp/v1/workers.grpc.pb.h"

namespace xp::client {

// A call that takes longer than this has lost its server.
inline constexpr absl::Duration kCallTimeout = absl::Seconds(60);

class Client {
 public:
  // Tries again as RetryPolicy has it and SystemRetryOn(channel) sleeps.
  explicit Client(std::shared_ptr<grpc::Channel> channel);
  Client(std::shared_ptr<grpc::Channel> channel, Retrier retrier);

  // The stub of a service, for its streams: `client.stub<v1::Logs>()`.
  template <class Service>
  typename Service::Stub& stub() {
    return *std::get<std::unique_ptr<typename Service::Stub>>(stubs_);
  }

  template <class Stub, class Request, class Response>
  absl::StatusOr<Response> Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                             Response*),
                                const Request& request, absl::Duration timeout = kCallTimeout) {
    Response response;
    const absl::Status status = retrier_.Run([&](bool*) {
      grpc::ClientContext context;
      context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(timeout));
      response.Clear();
      return FromGrpcStatus(
          (std::get<std::unique_ptr<Stub>>(stubs_).get()->*method)(&context, request, &response));
    });
    if (!status.ok()) return status;
    return response;
  }

  const Retrier& retrier() const { return retrier_; }
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

 private:
  const std::shared_ptr<grpc::Channel> channel_;
  const Retrier retrier_;
  std::tuple<std::unique_ptr<v1::Admin::Stub>, std::unique_ptr<v1::Artifacts::Stub>,
             std::unique_ptr<v1::Blobs::Stub>, std::unique_ptr<v1::Datasets::Stub>,
             std::unique_ptr<v1::Experiments::Stub>, std::unique_ptr<v1::Logs::Stub>,
             std::unique_ptr<v1::Metrics::Stub>, std::unique_ptr<v1::Trials::Stub>,
             std::unique_ptr<v1::Workers::Stub>>
      stubs_;
};

}  // namespace xp::client
