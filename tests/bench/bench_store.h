// A store on a disk in TMPDIR with trials, attempts and points in it, for benchmarks. What goes
// wrong ends the benchmark: there is nothing to measure then.
#pragma once

#include <absl/status/status.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "proto/clock.h"
#include "server/store/report_store.h"
#include "server/store/store.h"
#include "xp/v1/workers.pb.h"

namespace xp::bench {

inline constexpr int kMetrics = 20;

// Ends the process with `status` unless it is OK.
void Require(const absl::Status& status);

// Seconds that `work` takes: the median of `runs`.
double MedianSeconds(int runs, const std::function<void()>& work);
double SecondsSince(std::chrono::steady_clock::time_point begin);

// A report of `points` of each of kMetrics metrics, found in one byte at `from`: decimals with four
// places, rising printed steps, a point each 100 ms.
v1::Report MakeReport(const v1::AttemptId& attempt, uint64_t from, int points);

// A folder in TMPDIR that goes with the object.
class BenchFolder {
 public:
  BenchFolder();
  ~BenchFolder();
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// `trials` of experiment "e", each with two params; the first `running` of them have an attempt on
// a worker "w".
class BenchStore {
 public:
  BenchStore(int trials, int running);
  ~BenchStore();

  store::Store& store() { return *store_; }
  const std::vector<v1::AttemptId>& attempts() const { return attempts_; }
  Clock& clock() { return clock_; }

  // A report of `points` of each metric to every attempt, waits until all are durable.
  void ReportToAll(int points);

 private:
  BenchFolder folder_;
  SystemClock clock_;
  std::unique_ptr<store::Store> store_;
  std::vector<v1::AttemptId> attempts_;
};

}  // namespace xp::bench
