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

int64_t ArrivalTimes::At(uint64_t offset) const {
  if (marks_.empty()) return 0;
  const auto mark =
      std::lower_bound(marks_.begin(), marks_.end(), offset,
                       [](const ArrivalMark& m, uint64_t at) { return m.offset < at; });
  return mark == marks_.end() ? marks_.back().time_ms : mark->time_ms;
}

void ArrivalTimes::ForgetBefore(uint64_t offset) {
  const auto keep =
      std::lower_bound(marks_.begin(), marks_.end(), offset,
                       [](const ArrivalMark& m, uint64_t at) { return m.offset < at; });
  // The last mark stays: beyond it time stands still.
  marks_.erase(marks_.begin(), keep == marks_.end() && !marks_.empty() ? keep - 1 : keep);
}

}  // namespace xp::capture
