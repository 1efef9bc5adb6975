// When which byte of a source had arrived: marks (offset, time), as the runner notes them in
// log.times and as the server stores them with the log. Gives a line without a printed time its
// time.
//
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <vector>

namespace xp::capture {

// At `time_ms` (milliseconds since 1970 UTC, worker's clock) the source was `offset` bytes long.
struct ArrivalMark {
  uint64_t offset = 0;
  int64_t time_ms = 0;
};

class ArrivalTimes {
 public:
  ArrivalTimes() = default;
  explicit ArrivalTimes(std::vector<ArrivalMark> marks);

  // Offsets must rise; a mark that does not lie beyond the last one is left out.
  void Add(ArrivalMark mark);

  // When the source was first known to be at least `offset` bytes long; beyond the last mark its
  // time, without any mark 0. Callers add a mark for what they have just read, so that each line
  // of a report has its own.
  int64_t At(uint64_t offset) const;

  // Forgets what only bytes before `offset` need.
  void ForgetBefore(uint64_t offset);

  const std::vector<ArrivalMark>& marks() const { return marks_; }

 private:
  std::vector<ArrivalMark> marks_;
};

}  // namespace xp::capture
