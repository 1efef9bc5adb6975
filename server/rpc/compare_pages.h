// Compare tables that did not fit one answer, kept for whoever asks for the next page: the pages of
// a table agree with each other while trials go on, and the table is made once, not once a page.
//
// Bounded in number and, but for one table that is larger by itself, in bytes. What nobody has
// asked for in a minute goes at the next call; what is no longer here is made anew by the caller.
// Safe from any thread.
#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/time/time.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "proto/clock.h"
#include "proto/mutex.h"
#include "xp/v1/metrics.pb.h"

namespace xp::rpc {

// Immutable once it is kept.
struct ComparePageRows {
  v1::CompareTrialsResponse head;  // everything but rows and token
  std::vector<std::string> rows;   // each a serialised CompareRow

  size_t ByteSize() const;
};

class ComparePages {
 public:
  static constexpr size_t kTablesMax = 8;
  static constexpr size_t kBytesMax = 64u << 20;  // of all tables; a larger one is kept alone
  static constexpr absl::Duration kKeptFor = absl::Minutes(1);  // since it was last asked for

  // `clock` must outlive this object.
  explicit ComparePages(Clock& clock) : clock_(clock), next_id_(FirstId(clock)) {}

  // Its id, which goes into the page tokens; never 0.
  uint64_t Keep(std::shared_ptr<const ComparePageRows> table);

  // Null when it is no longer here.
  std::shared_ptr<const ComparePageRows> Find(uint64_t id);

 private:
  struct Kept {
    uint64_t id;
    absl::Duration asked;  // when, on the monotonic clock
    size_t bytes;
    std::shared_ptr<const ComparePageRows> table;
  };

  // A token of the process before this one finds nothing.
  static uint64_t FirstId(Clock& clock) {
    return static_cast<uint64_t>(absl::ToUnixNanos(clock.Now())) | 1;
  }
  void Tidy() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Clock& clock_;
  Mutex mutex_;
  uint64_t next_id_ ABSL_GUARDED_BY(mutex_);
  std::deque<Kept> kept_ ABSL_GUARDED_BY(mutex_);  // the one asked for last is last
};

}  // namespace xp::rpc
