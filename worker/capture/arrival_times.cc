#include "worker/capture/arrival_times.h"

#include <algorithm>

namespace xp::capture {

ArrivalTimes::ArrivalTimes(std::vector<ArrivalMark> marks) {
  marks_.reserve(marks.size());
  for (const ArrivalMark& mark : marks) Add(mark);
}

void ArrivalTimes::Add(ArrivalMark mark) {
  if (marks_.empty() || marks_.back().offset < mark.offset) marks_.push_back(mark);
}

ArrivalTimes ArrivalTimes::FromRanges(const std::vector<ArrivalRange>& ranges, uint64_t end) {
  ArrivalTimes times;
  for (size_t i = 0; i < ranges.size(); ++i) {
    times.Add({i + 1 < ranges.size() ? ranges[i + 1].begin : end, ranges[i].time_ms});
  }
  return times;
}

std::vector<ArrivalRange> ArrivalTimes::Ranges(uint64_t from, uint64_t to) const {
  std::vector<ArrivalRange> ranges;
  if (marks_.empty() || from >= to) return ranges;
  uint64_t begin = from;
  for (auto mark = FirstAtOrBeyond(from + 1); begin < to; ++mark) {
    const bool beyond = mark == marks_.end();
    const int64_t time_ms = beyond ? marks_.back().time_ms : mark->time_ms;
    if (ranges.empty() || ranges.back().time_ms != time_ms) ranges.push_back({begin, time_ms});
    if (beyond) break;
    begin = mark->offset;
  }
  return ranges;
}

std::vector<ArrivalMark>::const_iterator ArrivalTimes::FirstAtOrBeyond(uint64_t offset) const {
  return std::lower_bound(marks_.begin(), marks_.end(), offset,
                          [](const ArrivalMark& m, uint64_t at) { return m.offset < at; });
}

int64_t ArrivalTimes::At(uint64_t offset) const {
  if (marks_.empty()) return 0;
  const auto mark = FirstAtOrBeyond(offset);
  return mark == marks_.end() ? marks_.back().time_ms : mark->time_ms;
}

void ArrivalTimes::ForgetBefore(uint64_t offset) {
  const auto keep = FirstAtOrBeyond(offset);
  // The last mark stays: beyond it time stands still.
  marks_.erase(marks_.begin(), keep == marks_.end() && !marks_.empty() ? keep - 1 : keep);
}

}  // namespace xp::capture
