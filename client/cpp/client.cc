#include "client/cpp/client.h"

#include <utility>

#include "client/cpp/reconnect_pause.h"

namespace xp::client {

Client::Client(std::shared_ptr<grpc::Channel> channel)
    : Client(channel, Retrier({}, SystemRetryOn(channel))) {}

Client::Client(std::shared_ptr<grpc::Channel> channel, Retrier retrier)
    : channel_(std::move(channel)),
      retrier_(std::move(retrier)),
      stubs_(v1::Admin::NewStub(channel_), v1::Artifacts::NewStub(channel_),
             v1::Blobs::NewStub(channel_), v1::Datasets::NewStub(channel_),
             v1::Experiments::NewStub(channel_), v1::Logs::NewStub(channel_),
             v1::Metrics::NewStub(channel_), v1::Trials::NewStub(channel_),
             v1::Workers::NewStub(channel_)) {}

}  // namespace xp::client
