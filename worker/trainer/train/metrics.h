// What an evaluation counts: the confusion matrix and what follows from it. Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace xp::trainer {

struct Confusion {
  explicit Confusion(size_t n) : classes(n), counts(n * n, 0) {}
  void Add(size_t truth, size_t predicted) { ++counts[truth * classes + predicted]; }
  uint64_t at(size_t truth, size_t predicted) const { return counts[truth * classes + predicted]; }

  size_t classes;
  std::vector<uint64_t> counts;  // [truth][predicted]
};

struct Scores {
  double accuracy = 0;
  double f1 = 0, precision = 0, recall = 0;
};

// Two classes: of class 1, as scikit-learn's average="binary" (the article's). More: the mean over
// the classes that are among the labels or the predictions, average="macro". What would divide by
// zero is 0, as there.
Scores ScoreOf(const Confusion& confusion);

}  // namespace xp::trainer
