// The one place that logs calls: wraps every method of a table so that each call is logged when it
// ends, with its path, status, duration and caller, and so that an exception of a library becomes
// an INTERNAL status instead of a silent UNKNOWN.
//
// Level: failures of the server (INTERNAL, DATA_LOSS, UNKNOWN) as errors, UNAVAILABLE (also of a
// server that stops) as warnings, refused calls as info, the rest as debug. Counts calls by code
// for /metrics. Safe from any thread.
#pragma once

#include <absl/status/status.h>
#include <absl/time/time.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

#include "proto/clock.h"
#include "server/rpc/method_table.h"

namespace xp::rpc {

class CallLog {
 public:
  // `clock` must outlive this object.
  explicit CallLog(Clock& clock) : clock_(clock) {}

  // Wraps what `table` holds now. This object must outlive the table's use.
  void Wrap(MethodTable* table);

  // Notes one call that is not in a table (streams from clients).
  void Note(std::string_view path, std::string_view peer, absl::Duration took,
            const absl::Status& status);

  Clock& clock() { return clock_; }

  // Calls that ended with each canonical code, since the start; index is the code (0-16).
  static constexpr size_t kCodes = 17;
  std::array<uint64_t, kCodes> counts() const;

 private:
  Clock& clock_;
  std::array<std::atomic<uint64_t>, kCodes> counts_{};
};

}  // namespace xp::rpc
