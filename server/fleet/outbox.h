// The messages that wait to be written to one worker's stream: what the fleet says, a thread of the
// stream writes. Bounded: a worker that reads too slowly is disconnected, and its next Hello sets
// everything right.
//
// Safe from any thread. Send never blocks and may be called under the fleet's lock.
#pragma once

#include <absl/status/status.h>

#include <cstddef>
#include <deque>
#include <optional>

#include "proto/mutex.h"
#include "xp/v1/workers.pb.h"

namespace xp::fleet {

class Outbox {
 public:
  explicit Outbox(size_t max_messages) : max_messages_(max_messages) {}

  // False, and nothing queued, when it is closed. A full one closes with RESOURCE_EXHAUSTED.
  bool Send(v1::ServerMessage message);

  // Ends the stream with `status`; what still waits is dropped. The first close counts.
  void Close(absl::Status status);

  // Waits for the next message; nothing once closed.
  std::optional<v1::ServerMessage> Next();

  bool closed() const;
  // Messages that wait.
  size_t waiting() const;
  // Why it was closed; OK while it is open.
  absl::Status status() const;

 private:
  const size_t max_messages_;

  mutable Mutex mutex_;
  CondVar changed_;
  std::deque<v1::ServerMessage> messages_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace xp::fleet
