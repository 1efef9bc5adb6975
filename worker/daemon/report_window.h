// What of one source is sent and not yet acknowledged, and where to read on: the worker's half of
// "the log offset is the sequence number" (DESIGN section 4, rule 2). Each report is answered once,
// by the offset that the server holds. An answer that is not the end of the oldest report in flight
// means that the server stands elsewhere: nothing more is sent until all answers are in, then
// reading goes on from what the server holds.
//
// Not thread safe.
#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <deque>

#include "worker/capture/log_position.h"
#include "xp/v1/workers.pb.h"

namespace xp::daemon {

// Where a source stands. Generations rise when a metrics file shrinks; a log has generation 0.
struct SourcePosition {
  int32_t generation = 0;
  capture::LogPosition position;
  friend bool operator==(const SourcePosition&, const SourcePosition&) = default;
};

SourcePosition PositionOf(const v1::SourceOffset& offset);

class ReportWindow {
 public:
  // A new stream: nothing is in flight, the server holds this.
  void Restart(SourcePosition held);

  // A report that ends at `to` was sent.
  void Sent(SourcePosition to);

  // The server's answer to one report.
  void Answered(SourcePosition held);

  // A report was refused for now (the server's disk is full): its answer, without an offset.
  void Refused();

  // May another report be sent, while the attempt's other sources have `elsewhere` bytes in flight?
  // Also gives up waiting for answers that do not come.
  bool MaySend(absl::Duration now, uint64_t elsewhere = 0);

  // Sent and not acknowledged.
  uint64_t bytes_in_flight() const;

  const SourcePosition& next() const { return next_; }  // the `from` of the next report
  const SourcePosition& held() const { return held_; }  // acknowledged, as far as we were told
  bool idle() const { return in_flight_.empty() && !resync_; }
  // Reads on in another generation (the file was begun anew).
  void Jump(SourcePosition next) { next_ = next; }

 private:
  void TakeUp();

  SourcePosition held_;
  SourcePosition next_;
  std::deque<SourcePosition> in_flight_;  // where each ends
  int64_t unanswered_ = 0;
  bool resync_ = false;
  absl::Duration resync_since_ = absl::InfiniteDuration();
};

}  // namespace xp::daemon
