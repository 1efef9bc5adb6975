// How far a long job is: a bar with rate and time left on a terminal, a plain line now and then
// elsewhere. The bar stays within one row, however narrow. Writes to stderr's descriptor only. Not
// thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <ostream>
#include <string>

namespace xp::trainer {

using Now = std::function<std::chrono::steady_clock::time_point()>;

enum class ProgressStyle { kBar, kLines, kSilent };

// The columns of the terminal that stderr is; 0: it is none, or does not say.
int StderrColumns();

struct ProgressOptions {
  std::string what;            // "tokenising", "training"
  std::string unit = "items";  // of `done` and `total`
  ProgressStyle style = ProgressStyle::kLines;
  // Of the terminal, asked at each redraw as people resize it; 80 where it gives 0 or less.
  std::function<int()> columns = StderrColumns;
};

class Progress {
 public:
  // `out` must outlive this.
  Progress(ProgressOptions options, Now now, std::ostream& out);

  void SetTotal(uint64_t total) { total_ = total; }  // 0: not known
  // What was done before this began: no part of the rate.
  void SetStart(uint64_t done) { before_ = done; }
  void Update(uint64_t done);
  // Takes the bar away so that a line can be printed; the next Update draws it again.
  void Clear();
  // The last word: "tokenising: 3,000 reviews in 1.2 s (2,500 reviews/s)".
  void Finish(uint64_t done);

 private:
  double Seconds() const;
  double Rate(uint64_t done, double seconds) const;  // a second
  void DrawBar(uint64_t done, double seconds);
  std::string BarLine(uint64_t done, double rate, size_t columns) const;

  const ProgressOptions options_;
  const Now now_;
  std::ostream& out_;
  const std::chrono::steady_clock::time_point start_;
  uint64_t total_ = 0, before_ = 0;
  double shown_at_ = 0;  // seconds since the start
  bool drawn_ = false;
};

}  // namespace xp::trainer
