#include "worker/trainer/train/metrics.h"

#include <algorithm>

namespace xp::trainer {
namespace {

double Ratio(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0 : double(part) / double(whole);
}

Scores ScoreOfClass(const Confusion& confusion, size_t c) {
  uint64_t predicted = 0, truth = 0;
  for (size_t i = 0; i < confusion.classes; ++i) {
    predicted += confusion.at(i, c);
    truth += confusion.at(c, i);
  }
  Scores scores;
  scores.precision = Ratio(confusion.at(c, c), predicted);
  scores.recall = Ratio(confusion.at(c, c), truth);
  // 2 TP / (2 TP + FP + FN), which is the harmonic mean without its rounding.
  scores.f1 = Ratio(2 * confusion.at(c, c), predicted + truth);
  return scores;
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
    scores = ScoreOfClass(confusion, 1);
  } else {
    for (size_t c = 0; c < confusion.classes; ++c) {
      const Scores one = ScoreOfClass(confusion, c);
      scores.f1 += one.f1 / double(confusion.classes);
      scores.precision += one.precision / double(confusion.classes);
      scores.recall += one.recall / double(confusion.classes);
    }
  }
  scores.accuracy = Ratio(right, all);
  return scores;
}

}  // namespace xp::trainer
