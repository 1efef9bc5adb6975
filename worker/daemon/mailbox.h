// What the session has for one attempt's thread. The session's thread puts things in and goes on;
// the attempt takes all that there is. Bounded: everything but the acknowledgements is one value
// each, and there are no more of those than reports in flight.
//
// Safe from any thread.
#pragma once

#include <absl/time/time.h>

#include <optional>
#include <vector>

#include "proto/mutex.h"
#include "xp/v1/workers.pb.h"

namespace xp::daemon {

struct Mail {
  // Which stream is up: raised with each new one, 0 while there is none. Messages that are sent
  // under an older number are dropped by the session.
  uint64_t stream = 0;
  std::optional<v1::Verdict> verdict;  // of the newest stream
  std::vector<v1::SourceOffset> acks;
  std::vector<v1::Refused> refusals;
  std::optional<v1::Stop> stop;
  bool confirmed = false;
  bool shutting_down = false;
};

class Mailbox {
 public:
  // Takes all, waiting up to `timeout` for something to be there.
  Mail Take(absl::Duration timeout);

  // True once the attempt should leave what it is doing (fetching inputs, uploading) to look at its
  // mail: a stop, a refusal, a verdict that ends it, or the daemon's end.
  bool Urgent() const;

  void Connected(uint64_t stream, std::optional<v1::Verdict> verdict);
  void Disconnected();
  void Put(const v1::ServerMessage& message);
  void ShutDown();

 private:
  mutable Mutex mutex_;
  CondVar changed_;
  Mail mail_ ABSL_GUARDED_BY(mutex_);
  bool news_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace xp::daemon
