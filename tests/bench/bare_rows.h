// The baseline of the store's benchmarks: one row per point in a bare SQLite table, with the same
// journal and the same durability; what most trackers do.
#pragma once

#include <cstdint>
#include <string>

#include "tests/bench/bench_store.h"

struct sqlite3;
struct sqlite3_stmt;

namespace xp::bench {

// Not thread safe.
class BareRows {
 public:
  BareRows();
  ~BareRows();
  BareRows(const BareRows&) = delete;
  BareRows& operator=(const BareRows&) = delete;

  void Begin() { Run("BEGIN IMMEDIATE"); }
  void Commit() { Run("COMMIT"); }  // durable when it returns
  // A point of series `metric` of trial `trial`.
  void Insert(int64_t trial, int metric, int64_t step, double value);

  // Averages, minima, maxima and counts of every series, read off the points; answers how many
  // series there were.
  int CompareFromPoints();
  // All points of one series, thinned in `buckets` of the step by SQL; answers the rows.
  int ChartFromPoints(int64_t trial, int metric, int64_t steps, int buckets);

 private:
  void Run(const char* sql);
  int CountRows(const std::string& sql);

  BenchFolder folder_;
  sqlite3* db_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
};

}  // namespace xp::bench
