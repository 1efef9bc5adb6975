#include "worker/daemon/session.h"

#include <grpcpp/client_context.h>
#include <spdlog/spdlog.h>

#include <string>
#include <utility>

#include "proto/status.h"
#include "worker/daemon/proto_time.h"

namespace xp::daemon {

Session::Session(client::Client& client, SessionListener& listener, SessionOptions options)
    : client_(client),
      listener_(listener),
      options_(std::move(options)),
      retrier_(options_.backoff, client.retrier().environment()) {}

Session::~Session() { Stop(); }

void Session::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Session::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    if (context_ != nullptr) context_->TryCancel();
    changed_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
}

bool Session::Send(v1::WorkerMessage message, uint64_t stream) {
  MutexLock lock(mutex_);
  if (!up_ || stream != stream_) return false;
  queue_.push_back(std::move(message));
  changed_.NotifyAll();
  return true;
}

void Session::Run() {
  int failures = 0;
  while (true) {
    was_welcome_ = false;
    const absl::Status status = RunStream();
    {
      MutexLock lock(mutex_);
      if (stopping_) return;
    }
    NoteEnd(status);
    failures = was_welcome_ ? 1 : failures + 1;
    if (!WaitBeforeRetry(failures)) return;
  }
}

void Session::NoteEnd(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kUnimplemented:
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kPermissionDenied:
      listener_.OnRefused(status);
      return;
    case absl::StatusCode::kAborted:
      spdlog::warn("another worker has taken this one's name at the server: {}",
                   FormatStatus(status));
      return;
    default:
      break;
  }
  if (was_welcome_) {
    spdlog::warn("lost the server at {}: {}; training goes on", options_.server,
                 FormatStatus(status));
    said_absent_ = true;
  } else if (!said_absent_) {
    spdlog::warn(
        "no server at {} ({}); trying again until there is one. Start one with: "
        "xpserver --data-dir DIR",
        options_.server, FormatStatus(status));
    said_absent_ = true;
  }
}

bool Session::WaitBeforeRetry(int failures) {
  retrier_.environment().sleep(retrier_.Pause(failures));
  MutexLock lock(mutex_);
  return !stopping_;
}

absl::Status Session::RunStream() {
  grpc::ClientContext context;
  {
    MutexLock lock(mutex_);
    if (stopping_) return absl::CancelledError();
    context_ = &context;
  }
  std::unique_ptr<Stream> stream = client_.stub<v1::Workers>().Work(&context);
  v1::WorkerMessage hello;
  *hello.mutable_hello() = listener_.MakeHello();
  v1::ServerMessage message;
  std::thread writer;
  if (stream->Write(hello) && stream->Read(&message) && message.has_welcome()) {
    uint64_t number;
    {
      MutexLock lock(mutex_);
      number = ++stream_;
      up_ = true;
      queue_.clear();
      if (message.welcome().settings().has_heartbeat_period()) {
        heartbeat_period_ = FromProto(message.welcome().settings().heartbeat_period());
      }
    }
    if (said_absent_) spdlog::info("the server at {} is there", options_.server);
    was_welcome_ = true;
    said_absent_ = false;
    listener_.OnWelcome(message.welcome(), number);
    writer = std::thread([this, raw = stream.get()] { WriteLoop(raw); });
    while (stream->Read(&message)) {
      if (message.has_settings() && message.settings().has_heartbeat_period()) {
        MutexLock lock(mutex_);
        heartbeat_period_ = FromProto(message.settings().heartbeat_period());
      }
      listener_.OnMessage(message);
    }
  }
  {
    MutexLock lock(mutex_);
    up_ = false;
    context_ = nullptr;
    changed_.NotifyAll();
  }
  // A stream that ended by itself is not cancelled: that would hide the server's status. Its end
  // ends the writes too.
  if (!was_welcome_ && message.message_case() != v1::ServerMessage::MESSAGE_NOT_SET) {
    context.TryCancel();  // something else than Welcome
  }
  if (writer.joinable()) writer.join();
  if (was_welcome_) listener_.OnDisconnected();
  const absl::Status status = FromGrpcStatus(stream->Finish());
  return status.ok() ? absl::UnavailableError("the server ended the stream") : status;
}

void Session::WriteLoop(Stream* stream) {
  absl::Duration next_beat = retrier_.environment().monotonic();
  while (true) {
    v1::WorkerMessage message;
    {
      MutexLock lock(mutex_);
      while (up_ && queue_.empty()) {
        const absl::Duration left = next_beat - retrier_.environment().monotonic();
        if (left <= absl::ZeroDuration()) break;
        changed_.WaitFor(mutex_, absl::ToChronoNanoseconds(left));
      }
      if (!up_) return;
      if (!queue_.empty()) {
        message = std::move(queue_.front());
        queue_.pop_front();
      }
    }
    const absl::Duration now = retrier_.environment().monotonic();
    // A long queue must not delay the heartbeat: it is looked at before each message.
    if (now >= next_beat) {
      for (v1::Heartbeat& heartbeat : listener_.MakeHeartbeats()) {
        v1::WorkerMessage beat;
        *beat.mutable_heartbeat() = std::move(heartbeat);
        if (!stream->Write(beat)) return;
      }
      MutexLock lock(mutex_);
      next_beat = now + heartbeat_period_;
    }
    if (message.message_case() != v1::WorkerMessage::MESSAGE_NOT_SET && !stream->Write(message)) {
      return;
    }
  }
}

}  // namespace xp::daemon
