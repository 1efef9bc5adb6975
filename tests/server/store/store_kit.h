// A store in a fresh folder, and verbs for what workers and people do to it. The contract suite
// runs on it for every kind of store: TEST_P(StoreContract, ...).
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proto/clock.h"
#include "server/store/admin_store.h"
#include "server/store/attempt_store.h"
#include "server/store/backfill_store.h"
#include "server/store/blob_store.h"
#include "server/store/experiment_store.h"
#include "server/store/file_store.h"
#include "server/store/log_store.h"
#include "server/store/metric_store.h"
#include "server/store/report_store.h"
#include "server/store/store.h"
#include "server/store/trial_store.h"
#include "server/store/worker_store.h"

namespace xp::store {

// Made with mkdtemp, removed at the end.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// A disk with as much room as the test says.
class FakeDiskSpace final : public DiskSpace {
 public:
  absl::StatusOr<uint64_t> FreeBytes() override { return free_bytes.load(); }
  std::atomic<uint64_t> free_bytes = 100ull << 30;
};

// Keeps what it was told.
class ChangeRecorder final : public CommitListener {
 public:
  void OnCommit(const CommittedChanges& changes) override { commits.push_back(changes); }
  std::vector<CommittedChanges> commits;
};

v1::TrialSpec MakeSpec(std::string_view command = "train");
v1::AttemptId Attempt(std::string_view uid, int32_t number);
std::string Sha256(std::string_view bytes);
// `value` at a printed `step`, found at `offset`.
struct TestPoint {
  double value;
  int64_t step;
  uint64_t offset = 0;
};
v1::SeriesPoints MakeSeries(std::string_view metric, const std::vector<TestPoint>& points);

class StoreKit {
 public:
  explicit StoreKit(StoreOptions::Place place = StoreOptions::Place::kDisk);
  ~StoreKit();

  Store& store() { return *store_; }
  // Ends the store and opens it again in the same folder (kDisk).
  void Reopen();
  // Ends the store; Reopen begins a new one.
  void CloseStore() { store_.reset(); }
  StoreOptions Options();
  // The database may grow to so many pages and no further (a full disk to SQLite); never below what
  // it has.
  absl::Status LimitPages(int pages);

  template <typename T>
  absl::StatusOr<T> Do(std::function<absl::StatusOr<T>(WriteContext&)> change) {
    return store_->Apply<T>(std::move(change));
  }
  absl::Status Do(Change change) { return store_->Apply(std::move(change)); }

  // Submits trials by name (spec MakeSpec) and answers their uids. EXPECTs.
  std::vector<std::string> Submit(const std::string& experiment,
                                  const std::vector<std::string>& trials);
  // The next attempt, started on `worker`. EXPECTs.
  v1::AttemptId Run(const std::string& uid, const std::string& worker = "w1");
  absl::StatusOr<ReportAnswer> Report(const v1::Report& report);
  // `bytes` of the log from `from` on, with these series.
  absl::StatusOr<ReportAnswer> ReportLog(const v1::AttemptId& attempt, uint64_t from,
                                         std::string_view bytes,
                                         const std::vector<v1::SeriesPoints>& series = {});
  absl::StatusOr<EndProgress> Exit(const v1::AttemptId& attempt, int exit_code, uint64_t log_end);
  absl::StatusOr<EndProgress> Finish(const v1::AttemptId& attempt);
  absl::Status Upload(std::string_view bytes);
  v1::Trial Get(const std::string& name);
  // The only row of an experiment with one trial, or that of `trial`. EXPECTs.
  CompareTrialRow Row(const std::string& experiment, const std::string& trial);

  TempFolder folder;
  ManualClock clock;
  FakeDiskSpace disk;
  StoreOptions options;

 private:
  std::unique_ptr<Store> store_;
};

// The summary of `metric` in `row`; fails the test when there is none.
core::MetricSummary SummaryOf(const CompareTrialRow& row, std::string_view metric);

class StoreContract : public testing::TestWithParam<StoreOptions::Place> {
 protected:
  StoreKit kit{GetParam()};
};

}  // namespace xp::store

namespace xp::store {
inline absl::Status StatusOf(const absl::Status& status) { return status; }
template <typename T>
absl::Status StatusOf(const absl::StatusOr<T>& value) {
  return value.status();
}
}  // namespace xp::store

// The code of a Status or StatusOr, showing its message when it is another.
#define EXPECT_CODE(expression, expected)                               \
  do {                                                                  \
    const absl::Status xp_found = xp::store::StatusOf(expression);      \
    EXPECT_EQ(xp_found.code(), absl::StatusCode::expected) << xp_found; \
  } while (false)
#define ASSERT_OK(expression)                                      \
  do {                                                             \
    const absl::Status xp_found = xp::store::StatusOf(expression); \
    ASSERT_TRUE(xp_found.ok()) << xp_found;                        \
  } while (false)
#define EXPECT_OK(expression) EXPECT_CODE(expression, kOk)
