// Lets through only nearest lines that are nearer than all before them: a receiver that keeps the
// last one that it was told (the server's receipt) then keeps the nearest, without a score.
//
// A restart forgets; then a less near line may replace a nearer one, which costs a hint, no number.
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "worker/capture/rule_counters.h"

namespace xp::capture {

class NearestSoFar {
 public:
  // Call it with the counters of each report, in order of the log.
  void Filter(std::vector<RuleCounters>* counters) {
    scores_.resize(counters->size());
    for (size_t rule = 0; rule < counters->size(); ++rule) {
      NearestLine& nearest = (*counters)[rule].nearest;
      if (nearest.score > scores_[rule]) {
        scores_[rule] = nearest.score;
      } else {
        nearest = NearestLine();
      }
    }
  }

  // What was let through may be lost: begin anew.
  void Restart() { scores_.clear(); }

 private:
  std::vector<uint32_t> scores_;
};

}  // namespace xp::capture
