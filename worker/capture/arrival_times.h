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

// The same told the other way round, as reports and stored logs have it: the bytes from `begin` on,
// up to the next range's, arrived at `time_ms`.
struct ArrivalRange {
  uint64_t begin = 0;
  int64_t time_ms = 0;
};

class ArrivalTimes {
 public:
  ArrivalTimes() = default;
  explicit ArrivalTimes(std::vector<ArrivalMark> marks);

  // From ranges in ascending order, the last of which ends at `end`.
  static ArrivalTimes FromRanges(const std::vector<ArrivalRange>& ranges, uint64_t end);

  // The ranges that cover the bytes [from, to), the first beginning at `from`; none if from == to
  // or nothing is known.
  std::vector<ArrivalRange> Ranges(uint64_t from, uint64_t to) const;

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
  std::vector<ArrivalMark>::const_iterator FirstAtOrBeyond(uint64_t offset) const;

  std::vector<ArrivalMark> marks_;
};

}  // namespace xp::capture
