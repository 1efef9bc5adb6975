#include "client/xpctl/run/work_conversation.h"

#include <utility>

#include "proto/status.h"

namespace xp::xpctl {

WorkConversation::WorkConversation(client::Client& client)
    : stream_(client.stub<v1::Workers>().Work(&context_)), reader_([this] { ReadAll(); }) {}

WorkConversation::~WorkConversation() {
  context_.TryCancel();
  reader_.join();
}

void WorkConversation::ReadAll() {
  v1::ServerMessage message;
  while (stream_->Read(&message)) {
    const MutexLock lock(mutex_);
    queue_.push_back(std::move(message));
    changed_.NotifyAll();
  }
  absl::Status status = FromGrpcStatus(stream_->Finish());
  // A stream that the server ended without an error is one to be begun again.
  if (status.ok()) status = absl::UnavailableError("the server ended the stream");
  const MutexLock lock(mutex_);
  end_ = std::move(status);
  changed_.NotifyAll();
}

absl::Status WorkConversation::Send(const v1::WorkerMessage& message) {
  if (stream_->Write(message)) return absl::OkStatus();
  const MutexLock lock(mutex_);
  while (!end_) changed_.Wait(mutex_);
  return *end_;
}

absl::StatusOr<std::optional<v1::ServerMessage>> WorkConversation::Next(absl::Duration timeout) {
  const MutexLock lock(mutex_);
  if (queue_.empty() && !end_) changed_.WaitFor(mutex_, absl::ToChronoNanoseconds(timeout));
  if (!queue_.empty()) {
    v1::ServerMessage message = std::move(queue_.front());
    queue_.pop_front();
    return std::optional<v1::ServerMessage>(std::move(message));
  }
  if (end_) return *end_;
  return std::optional<v1::ServerMessage>();
}

}  // namespace xp::xpctl
