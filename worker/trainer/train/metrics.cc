#include "worker/trainer/train/metrics.h"

#include <algorithm>

namespace xp::trainer {
namespace {

double Ratio(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0 : double(part) / double(whole);
}

struct ClassScores {
  double f1 = 0, precision = 0, recall = 0;
  bool seen = false;  // among the labels or the predictions
};

ClassScores ScoreOfClass(const Confusion& confusion, size_t c) {
  uint64_t predicted = 0, truth = 0;
  for (size_t i = 0; i < confusion.classes; ++i) {
    predicted += confusion.at(i, c);
    truth += confusion.at(c, i);
  }
  ClassScores scores;
  scores.precision = Ratio(confusion.at(c, c), predicted);
  scores.recall = Ratio(confusion.at(c, c), truth);
  // 2 TP / (2 TP + FP + FN), which is the harmonic mean without its rounding.
  scores.f1 = Ratio(2 * confusion.at(c, c), predicted + truth);
  scores.seen = predicted + truth > 0;
  return scores;
}

Scores MeanOverSeenClasses(const Confusion& confusion) {
  Scores mean;
  double seen = 0;
  for (size_t c = 0; c < confusion.classes; ++c) {
    const ClassScores one = ScoreOfClass(confusion, c);
    if (!one.seen) continue;
    ++seen;
    mean.f1 += one.f1;
    mean.precision += one.precision;
    mean.recall += one.recall;
  }
  for (double* score : {&mean.f1, &mean.precision, &mean.recall}) *score /= std::max(seen, 1.0);
  return mean;
}

}  // namespace

Scores ScoreOf(const Confusion& confusion) {
  uint64_t right = 0, all = 0;
  for (size_t t = 0; t < confusion.classes; ++t) {
    right += confusion.at(t, t);
    for (size_t p = 0; p < confusion.classes; ++p) all += confusion.at(t, p);
  }
  Scores scores;
  if (confusion.classes == 2) {
    const ClassScores positive = ScoreOfClass(confusion, 1);
    scores = {0, positive.f1, positive.precision, positive.recall};
  } else {
    scores = MeanOverSeenClasses(confusion);
  }
  scores.accuracy = Ratio(right, all);
  return scores;
}

}  // namespace xp::trainer
