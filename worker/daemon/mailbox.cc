#include "worker/daemon/mailbox.h"

#include <utility>

namespace xp::daemon {

Mail Mailbox::Take(absl::Duration timeout) {
  MutexLock lock(mutex_);
  if (!news_) changed_.WaitFor(mutex_, absl::ToChronoNanoseconds(timeout));
  news_ = false;
  Mail taken = mail_;
  mail_ = {.stream = taken.stream, .shutting_down = taken.shutting_down};
  return taken;
}

bool Mailbox::Urgent() const {
  MutexLock lock(mutex_);
  return mail_.shutting_down || mail_.stop.has_value() || !mail_.refusals.empty() ||
         mail_.confirmed ||
         (mail_.verdict.has_value() && mail_.verdict->action() != v1::Verdict::CONTINUE);
}

void Mailbox::Connected(uint64_t stream, std::optional<v1::Verdict> verdict) {
  MutexLock lock(mutex_);
  mail_.stream = stream;
  mail_.verdict = std::move(verdict);
  mail_.acks.clear();  // they were about reports of the stream before
  mail_.refusals.clear();
  news_ = true;
  changed_.NotifyAll();
}

void Mailbox::Disconnected() {
  MutexLock lock(mutex_);
  mail_.stream = 0;
  mail_.acks.clear();
}

void Mailbox::Put(const v1::ServerMessage& message) {
  MutexLock lock(mutex_);
  if (message.has_report_ack()) mail_.acks.push_back(message.report_ack().held());
  if (message.has_refused()) mail_.refusals.push_back(message.refused());
  if (message.has_stop()) mail_.stop = message.stop();
  if (message.has_confirmed()) mail_.confirmed = true;
  news_ = true;
  changed_.NotifyAll();
}

void Mailbox::ShutDown() {
  MutexLock lock(mutex_);
  mail_.shutting_down = true;
  news_ = true;
  changed_.NotifyAll();
}

}  // namespace xp::daemon
