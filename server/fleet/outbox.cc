#include "server/fleet/outbox.h"

#include <absl/strings/str_cat.h>

#include <utility>

namespace xp::fleet {

bool Outbox::Send(v1::ServerMessage message) {
  MutexLock lock(mutex_);
  if (closed_) return false;
  if (messages_.size() >= max_messages_) {
    closed_ = true;
    status_ = absl::ResourceExhaustedError(
        absl::StrCat("the worker has not read ", max_messages_, " messages; connect again"));
    messages_.clear();
    changed_.NotifyAll();
    return false;
  }
  messages_.push_back(std::move(message));
  changed_.NotifyAll();
  return true;
}

void Outbox::Close(absl::Status status) {
  MutexLock lock(mutex_);
  if (closed_) return;
  closed_ = true;
  status_ = std::move(status);
  messages_.clear();
  changed_.NotifyAll();
}

std::optional<v1::ServerMessage> Outbox::Next() {
  MutexLock lock(mutex_);
  while (!closed_ && messages_.empty()) changed_.Wait(mutex_);
  if (closed_) return std::nullopt;
  v1::ServerMessage message = std::move(messages_.front());
  messages_.pop_front();
  return message;
}

bool Outbox::closed() const {
  MutexLock lock(mutex_);
  return closed_;
}

size_t Outbox::waiting() const {
  MutexLock lock(mutex_);
  return messages_.size();
}

absl::Status Outbox::status() const {
  MutexLock lock(mutex_);
  return status_;
}

}  // namespace xp::fleet
