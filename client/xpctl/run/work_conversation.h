// A worker's stream to the server for a program that has one thread to spare: what the server says
// is read in the background and waits in a queue.
//
// Threads: Send and Next from one thread. Lifetime: the client must outlive it; the destructor ends
// the stream.
#pragma once

#include <absl/status/status.h>
#include <absl/time/time.h>

#include <deque>
#include <memory>
#include <optional>
#include <thread>

#include "client/cpp/client.h"
#include "proto/mutex.h"
#include "xp/v1/workers.grpc.pb.h"

namespace xp::xpctl {

class WorkConversation {
 public:
  explicit WorkConversation(client::Client& client);
  ~WorkConversation();
  WorkConversation(const WorkConversation&) = delete;
  WorkConversation& operator=(const WorkConversation&) = delete;

  // What ended the stream, or OK.
  absl::Status Send(const v1::WorkerMessage& message);
  // The next message; nullopt when none came within `timeout`; what ended the stream.
  absl::StatusOr<std::optional<v1::ServerMessage>> Next(absl::Duration timeout);

 private:
  void ReadAll();

  grpc::ClientContext context_;
  const std::unique_ptr<grpc::ClientReaderWriter<v1::WorkerMessage, v1::ServerMessage>> stream_;
  Mutex mutex_;
  CondVar changed_;
  // Bounded by the conversation: the server answers what it was told.
  std::deque<v1::ServerMessage> queue_ ABSL_GUARDED_BY(mutex_);
  std::optional<absl::Status> end_ ABSL_GUARDED_BY(mutex_);
  std::thread reader_;
};

}  // namespace xp::xpctl
