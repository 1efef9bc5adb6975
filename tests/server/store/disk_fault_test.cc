// What a disk that fails under a commit does to those who wait for it: all of the group are told,
// memory does not run ahead, and the next good commit goes on from what is stored.
#include <filesystem>
#include <latch>
#include <vector>

#include "server/store/sqlite/sqlite_write_context.h"
#include "tests/server/store/faulty_vfs.h"
#include "tests/server/store/store_kit.h"

namespace xp::store {
namespace {

using Then = DiskFault::Then;

// A store on a faulty disk, with one running attempt.
class DiskFaultTest : public testing::Test {
 protected:
  DiskFaultTest() { attempt_ = kit_.Run(kit_.Submit("e", {"a"})[0]); }

  // Three changes that wait while the writer is held, so that they are one group; the middle one is
  // a report of `bytes`. Answers what they were told.
  std::vector<absl::Status> WriteGroup(uint64_t from, const std::string& bytes) {
    std::latch held(1), holding(1), answered(4);
    kit_.store().Enqueue(
        [&](WriteContext&) {
          held.count_down();
          holding.wait();
          return absl::OkStatus();
        },
        [&](const absl::Status&) { answered.count_down(); });
    held.wait();  // or a writer that wakes late takes the first of the three along
    std::vector<absl::Status> told(3);
    const auto note = [&](size_t i) {
      return [&told, &answered, i](const absl::Status& status) {
        told[i] = status;
        answered.count_down();
      };
    };
    kit_.store().Enqueue(Create("before"), note(0));
    const auto report = PrepareReport(Report(from, bytes));
    EXPECT_OK(report);
    kit_.store().Enqueue(
        [&](WriteContext& context) { return context.reports().Report(**report).status(); },
        note(1));
    kit_.store().Enqueue(Create("after"), note(2));
    holding.count_down();
    answered.wait();
    return told;
  }

  Change Create(const std::string& name) {
    return [name](WriteContext& context) {
      v1::CreateExperimentRequest request;
      request.set_experiment_id(name);
      return context.experiments().Create(request).status();
    };
  }

  v1::Report Report(uint64_t from, const std::string& bytes) {
    v1::Report report;
    *report.mutable_attempt() = attempt_;
    report.set_source(v1::SOURCE_KIND_LOG);
    report.set_from(from);
    report.set_to(from + bytes.size());
    report.set_data(bytes);
    report.add_time_offsets(from);
    report.add_times_ms(1);
    *report.add_series() = MakeSeries("loss", {{0.5, static_cast<int64_t>(from)}});
    return report;
  }

  uint64_t Held() {
    const auto standing = kit_.store().attempts().Find(attempt_);
    EXPECT_OK(standing);
    return standing->sources[0].offset();
  }

  void ExpectNothingOfTheGroup(uint64_t held) {
    EXPECT_CODE(kit_.store().experiments().Get("before"), kNotFound);
    EXPECT_CODE(kit_.store().experiments().Get("after"), kNotFound);
    EXPECT_EQ(Held(), held);
  }

  FaultyVfs disk_;  // before the store, and longer
  StoreKit kit_;
  v1::AttemptId attempt_;
};

struct FaultCase {
  const char* name;
  DiskFault fault;
  absl::StatusCode code;
};

class FailedCommitTest : public DiskFaultTest, public testing::WithParamInterface<FaultCase> {};

TEST_P(FailedCommitTest, IsToldToAllOfTheGroupAndTheNextCommitGoesOn) {
  ASSERT_OK(kit_.ReportLog(attempt_, 0, "first\n"));
  ChangeRecorder recorder;
  kit_.store().AddListener(&recorder);
  disk_.Arm(GetParam().fault);
  for (const absl::Status& told : WriteGroup(6, "second\n")) {
    EXPECT_EQ(told.code(), GetParam().code) << told;
  }
  EXPECT_TRUE(disk_.struck());
  disk_.Heal();
  EXPECT_TRUE(recorder.commits.empty());  // nobody's memory went ahead
  ExpectNothingOfTheGroup(6);
  for (const absl::Status& told : WriteGroup(6, "second\n")) EXPECT_OK(told);
  kit_.store().RemoveListener(&recorder);
  EXPECT_EQ(Held(), 13u);
  EXPECT_EQ(SummaryOf(kit_.Row("e", "a"), "loss").count, 1u);
  kit_.Reopen();
  EXPECT_EQ(Held(), 13u);
}

INSTANTIATE_TEST_SUITE_P(
    Disk, FailedCommitTest,
    testing::Values(FaultCase{"FullAtTheFirstWrite",
                              {DiskOp::kWrite, DiskFile::kLog, 1, Then::kFail, SQLITE_FULL},
                              absl::StatusCode::kResourceExhausted},
                    FaultCase{"FullInTheMiddle",
                              {DiskOp::kWrite, DiskFile::kLog, 7, Then::kFail, SQLITE_FULL},
                              absl::StatusCode::kResourceExhausted},
                    FaultCase{"FullFromNowOn",
                              {DiskOp::kWrite, DiskFile::kLog, 3, Then::kFailOn, SQLITE_FULL},
                              absl::StatusCode::kResourceExhausted},
                    FaultCase{"IoError",
                              {DiskOp::kWrite, DiskFile::kLog, 5, Then::kFail, SQLITE_IOERR_WRITE},
                              absl::StatusCode::kUnavailable}),
    [](const auto& one) { return std::string(one.param.name); });

// Pages that do not fit the cache are written in the middle of an item, not by the commit.
TEST_F(DiskFaultTest, FullInTheMiddleOfAnItemIsToldToAllOfTheGroup) {
  ASSERT_OK(kit_.Do([](WriteContext& context) {
    return SessionOf(context).db().RunScript("PRAGMA cache_size = 20; PRAGMA cache_spill = 20");
  }));
  std::string noise;
  for (uint32_t i = 0; i < 300'000; ++i) noise += static_cast<char>((i * 2654435761u) >> 24);
  disk_.Arm({DiskOp::kWrite, DiskFile::kLog, 1, Then::kFailOn, SQLITE_FULL});
  for (const absl::Status& told : WriteGroup(0, noise)) EXPECT_CODE(told, kResourceExhausted);
  disk_.Heal();
  ExpectNothingOfTheGroup(0);
  for (const absl::Status& told : WriteGroup(0, noise)) EXPECT_OK(told);
}

// Memory that is asked again and again does not grow with what was refused.
TEST_F(DiskFaultTest, AFullDiskIsRefusedAsLongAsItIsFull) {
  disk_.Arm({DiskOp::kWrite, DiskFile::kLog, 1, Then::kFailOn, SQLITE_FULL});
  for (int i = 0; i < 20; ++i) {
    EXPECT_CODE(kit_.ReportLog(attempt_, 0, "x\n"), kResourceExhausted);
  }
  EXPECT_EQ(Held(), 0u);  // reads go on
  disk_.Heal();
  const auto answer = kit_.ReportLog(attempt_, 0, "x\n");
  ASSERT_OK(answer);
  EXPECT_EQ(answer->held.offset(), 2u);
}

TEST_F(DiskFaultTest, AFailedCheckpointLosesNothingAndIsTriedAgain) {
  ASSERT_OK(kit_.ReportLog(attempt_, 0, "x\n"));
  disk_.Arm({DiskOp::kWrite, DiskFile::kDatabase, 1, Then::kFail, SQLITE_FULL});
  EXPECT_CODE(kit_.store().RunMaintenance(), kResourceExhausted);
  EXPECT_TRUE(disk_.struck());
  EXPECT_EQ(Held(), 2u);
  EXPECT_OK(kit_.store().RunMaintenance());
  kit_.Reopen();
  EXPECT_EQ(Held(), 2u);
}

// As a backup is: minutes may pass before it leaves.
TEST(CheckpointTest, AReaderThatStaysKeepsTheLogLongAndNothingElse) {
  StoreKit kit;
  kit.options.checkpoint_bytes = 0;
  kit.Reopen();
  const v1::AttemptId attempt = kit.Run(kit.Submit("e", {"a"})[0]);
  const std::string database = kit.options.data_dir + "/xp.db";
  sqlite3* reader = nullptr;
  ASSERT_EQ(sqlite3_open(database.c_str(), &reader), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(reader, "BEGIN; SELECT * FROM trials", nullptr, nullptr, nullptr),
            SQLITE_OK);
  ASSERT_OK(kit.ReportLog(attempt, 0, "x\n"));
  EXPECT_OK(kit.store().RunMaintenance());
  EXPECT_GT(std::filesystem::file_size(database + "-wal"), 0u);
  ASSERT_OK(kit.ReportLog(attempt, 2, "y\n"));
  sqlite3_close(reader);
  EXPECT_OK(kit.store().RunMaintenance());
  EXPECT_EQ(std::filesystem::file_size(database + "-wal"), 0u);
}

}  // namespace
}  // namespace xp::store
