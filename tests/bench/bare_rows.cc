#include "tests/bench/bare_rows.h"

#include <absl/status/status.h>
#include <sqlite3.h>

namespace xp::bench {
namespace {

void RequireCode(int code, int expected) {
  if (code != expected) Require(absl::UnavailableError(sqlite3_errstr(code)));
}

}  // namespace

BareRows::BareRows() {
  RequireCode(sqlite3_open((folder_.path() + "/bare.db").c_str(), &db_), SQLITE_OK);
  Run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536");
  Run("CREATE TABLE points (trial INTEGER, metric INTEGER, step INTEGER, value REAL, "
      "time_ms INTEGER, log_offset INTEGER, PRIMARY KEY (trial, metric, step)) WITHOUT ROWID");
  RequireCode(sqlite3_prepare_v2(db_, "INSERT INTO points VALUES (?, ?, ?, ?, ?, ?)", -1, &insert_,
                                 nullptr),
              SQLITE_OK);
}

BareRows::~BareRows() {
  sqlite3_finalize(insert_);
  sqlite3_close(db_);
}

void BareRows::Insert(int64_t trial, int metric, int64_t step, double value) {
  sqlite3_bind_int64(insert_, 1, trial);
  sqlite3_bind_int64(insert_, 2, metric);
  sqlite3_bind_int64(insert_, 3, step);
  sqlite3_bind_double(insert_, 4, value);
  sqlite3_bind_int64(insert_, 5, 1'700'000'000'000 + step * 100);
  sqlite3_bind_int64(insert_, 6, step);
  RequireCode(sqlite3_step(insert_), SQLITE_DONE);
  sqlite3_reset(insert_);
}

int BareRows::CompareFromPoints() {
  return CountRows(
      "SELECT trial, metric, avg(value), min(value), max(value), count(*) FROM points "
      "GROUP BY trial, metric");
}

int BareRows::ChartFromPoints(int64_t trial, int metric, int64_t steps, int buckets) {
  return CountRows(
      "SELECT step * " + std::to_string(buckets) + " / " + std::to_string(steps) +
      " AS bucket, min(value), max(value) FROM points WHERE trial = " + std::to_string(trial) +
      " AND metric = " + std::to_string(metric) + " GROUP BY bucket");
}

void BareRows::Run(const char* sql) {
  RequireCode(sqlite3_exec(db_, sql, nullptr, nullptr, nullptr), SQLITE_OK);
}

int BareRows::CountRows(const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  RequireCode(sqlite3_prepare_v2(db_, sql.c_str(), -1, &statement, nullptr), SQLITE_OK);
  int rows = 0;
  while (sqlite3_step(statement) == SQLITE_ROW) ++rows;
  sqlite3_finalize(statement);
  return rows;
}

}  // namespace xp::bench
