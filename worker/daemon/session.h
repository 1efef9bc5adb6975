// The worker's stream to the server: says hello, passes messages on, sends heartbeats, and begins
// anew with jittered backoff whenever the stream ends. That the server is not there is said once.
//
// Start and Stop are called by one thread; Send by any. Listener calls come from the session's own
// thread, one at a time, in the order of the stream.
#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <thread>
#include <vector>

#include "client/cpp/channel.h"
#include "client/cpp/client.h"
#include "proto/mutex.h"
#include "xp/v1/workers.pb.h"

namespace xp::daemon {

class SessionListener {
 public:
  virtual ~SessionListener() = default;
  virtual v1::Hello MakeHello() = 0;
  // `stream` is what Send wants from now on; 1, 2, 3 ...
  virtual void OnWelcome(const v1::Welcome& welcome, uint64_t stream) = 0;
  virtual void OnMessage(const v1::ServerMessage& message) = 0;
  virtual void OnDisconnected() = 0;
  // From a thread of its own. One at least, also when nothing is held; attempts that promised
  // silence have one of their own.
  virtual std::vector<v1::Heartbeat> MakeHeartbeats() = 0;
  // The server will never take this worker as it is (INVALID_ARGUMENT, UNIMPLEMENTED ...).
  virtual void OnRefused(const absl::Status& status) = 0;
};

struct SessionOptions {
  // A server that is back is found in half a second, however long it was away (decision 0005).
  client::RetryPolicy backoff = {.initial = absl::Milliseconds(100),
                                 .maximum = absl::Milliseconds(400)};
  std::string server;  // as people write it
};

// How the channel of a session is best set: gRPC's own pauses as short as ours.
inline client::ChannelOptions SessionChannelOptions() {
  return {.reconnect_max = SessionOptions().backoff.maximum};
}

class Session {
 public:
  // `client` and `listener` must outlive it.
  Session(client::Client& client, SessionListener& listener, SessionOptions options);
  ~Session();

  void Start();
  // Ends the stream and joins, after the pause that it may be in (backoff.maximum). Messages that
  // are queued are lost: whoever comes next says it again.
  void Stop();

  // Queues a message for the stream with that number. False, and dropped, when it is not the
  // stream that is up: the sender hears of the next one. The queue is as long as what attempts keep
  // in flight (8 MiB each).
  bool Send(v1::WorkerMessage message, uint64_t stream);

 private:
  using Stream = grpc::ClientReaderWriter<v1::WorkerMessage, v1::ServerMessage>;

  void Run();
  // One stream from hello to its end.
  absl::Status RunStream();
  void WriteLoop(Stream* stream);
  void NoteEnd(const absl::Status& status);
  bool WaitBeforeRetry(int failures);

  client::Client& client_;
  SessionListener& listener_;
  const SessionOptions options_;
  const client::Retrier retrier_;

  std::thread thread_;
  bool said_absent_ = false;  // by thread_ alone
  bool was_welcome_ = false;

  Mutex mutex_;
  CondVar changed_;
  std::deque<v1::WorkerMessage> queue_ ABSL_GUARDED_BY(mutex_);
  uint64_t stream_ ABSL_GUARDED_BY(mutex_) = 0;  // number of the newest stream
  bool up_ ABSL_GUARDED_BY(mutex_) = false;      // welcomed and not ended
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  grpc::ClientContext* context_ ABSL_GUARDED_BY(mutex_) = nullptr;  // of the stream in progress
  absl::Duration heartbeat_period_ ABSL_GUARDED_BY(mutex_) = absl::Seconds(15);
};

}  // namespace xp::daemon
