// Ends the process at each operation on the disk in turn, with everything lost that was not synced,
// and opens the store again: what was acknowledged is there, and nothing is there by halves.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <functional>
#include <optional>

#include "server/store/sqlite/database.h"
#include "tests/server/store/faulty_vfs.h"
#include "tests/server/store/store_kit.h"

namespace xp::store {
namespace {

using Then = DiskFault::Then;

constexpr int kReports = 12;

// Reports of one byte and one point each, with a checkpoint after every third; each acknowledged
// offset goes into the pipe.
[[noreturn]] void WriteReports(StoreKit& kit, const v1::AttemptId& attempt, int pipe_fd) {
  for (uint64_t i = 0; i < kReports; ++i) {
    const auto answer =
        kit.ReportLog(attempt, i, "x", {MakeSeries("loss", {{1, static_cast<int64_t>(i)}})});
    if (!answer.ok()) _exit(3);
    const auto held = static_cast<unsigned char>(answer->held.offset());
    if (write(pipe_fd, &held, 1) != 1) _exit(4);
    if (i % 3 == 2 && !kit.store().RunMaintenance().ok()) _exit(5);
  }
  _exit(0);
}

// What a child process did with the store of `kit`, which is closed here.
struct ChildEnd {
  uint64_t acknowledged = 0;
  int status = 0;  // as waitpid says
};

// `prepare` arms a fault after the child has opened the store.
ChildEnd WriteReportsInAChild(StoreKit& kit, const v1::AttemptId& attempt,
                              const std::function<void(FaultyVfs&)>& prepare) {
  ChildEnd end;
  int ends[2];
  if (pipe(ends) != 0) {
    ADD_FAILURE() << "no pipe";
    std::abort();
  }
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    FaultyVfs disk;
    kit.Reopen();
    prepare(disk);
    WriteReports(kit, attempt, ends[1]);
  }
  close(ends[1]);
  unsigned char held = 0;
  while (read(ends[0], &held, 1) == 1) end.acknowledged = held;
  close(ends[0]);
  if (waitpid(child, &end.status, 0) != child) ADD_FAILURE() << "the child is not ours";
  return end;
}

struct CrashCase {
  const char* name;
  DiskOp op;
  DiskFile file;
  Then then;
};

class CrashPointTest : public testing::TestWithParam<CrashCase> {
 protected:
  // Runs the child until it dies at the nth point. Answers the last acknowledged offset; nothing
  // when the child came to its end, so that there is no nth point.
  std::optional<uint64_t> CrashAt(int nth, StoreKit& kit, const v1::AttemptId& attempt) {
    const ChildEnd end = WriteReportsInAChild(kit, attempt, [&](FaultyVfs& disk) {
      disk.Arm({GetParam().op, GetParam().file, nth, GetParam().then, SQLITE_IOERR,
                DiskFault::Loss::kUnsynced});
    });
    if (WIFEXITED(end.status)) {
      EXPECT_EQ(WEXITSTATUS(end.status), 0);
      return std::nullopt;
    }
    EXPECT_EQ(WTERMSIG(end.status), SIGKILL);
    return end.acknowledged;
  }

  static void ExpectSound(StoreKit& kit, uint64_t acknowledged) {
    v1::ReadLogRequest read;
    read.set_name("e/a");
    const auto log = kit.store().logs().Read(read);
    ASSERT_OK(log);
    EXPECT_GE(log->end_offset(), acknowledged);
    EXPECT_LE(log->end_offset(), acknowledged + 1);  // at most the one under way
    EXPECT_EQ(log->data().size(), log->end_offset());
    const CompareTrialRow row = kit.Row("e", "a");
    const uint64_t points = row.trial.metrics.empty() ? 0 : SummaryOf(row, "loss").count;
    EXPECT_EQ(points, log->end_offset());
    const auto db = Database::Open(kit.options.data_dir + "/xp.db", Database::Mode::kReadWrite);
    ASSERT_OK(db);
    Query check(**db, "PRAGMA integrity_check");
    ASSERT_TRUE(check.Next()) << check.status();
    EXPECT_EQ(check.Text(0), "ok");
  }
};

TEST_P(CrashPointTest, AcknowledgedIsThereAndNothingByHalves) {
  int points = 0;
  for (int nth = 1;; ++nth) {
    SCOPED_TRACE(testing::Message() << "at point " << nth);
    StoreKit kit;
    const v1::AttemptId attempt = kit.Run(kit.Submit("e", {"a"})[0]);
    kit.CloseStore();
    const auto acknowledged = CrashAt(nth, kit, attempt);
    if (!acknowledged) break;
    kit.Reopen();
    ExpectSound(kit, *acknowledged);
    if (HasFailure()) return;
    points = nth;
  }
  EXPECT_GE(points, 4) << "too few points to prove anything";
}

INSTANTIATE_TEST_SUITE_P(At, CrashPointTest,
                         testing::Values(CrashCase{"BeforeACommitIsSynced", DiskOp::kSync,
                                                   DiskFile::kLog, Then::kDieBefore},
                                         CrashCase{"AfterACommitIsSyncedBeforeItIsAnswered",
                                                   DiskOp::kSync, DiskFile::kLog, Then::kDieAfter},
                                         CrashCase{"InTheMiddleOfALogPage", DiskOp::kWrite,
                                                   DiskFile::kLog, Then::kDieHalfway},
                                         CrashCase{"InTheMiddleOfACheckpointedPage", DiskOp::kWrite,
                                                   DiskFile::kDatabase, Then::kDieHalfway},
                                         CrashCase{"BeforeACheckpointIsSynced", DiskOp::kSync,
                                                   DiskFile::kDatabase, Then::kDieBefore},
                                         CrashCase{"AfterACheckpointIsSynced", DiskOp::kSync,
                                                   DiskFile::kDatabase, Then::kDieAfter}),
                         [](const auto& one) { return std::string(one.param.name); });

// Where a sync has failed, nobody knows what is on the disk: the process ends, whatever synced, and
// the next one begins with what recovery finds.
struct SyncCase {
  const char* name;
  DiskFile file;
  int nth;
};

class FailedSyncTest : public testing::TestWithParam<SyncCase> {};

TEST_P(FailedSyncTest, EndsTheProcessAndTheNextOneHasAllThatWasAcknowledged) {
  StoreKit kit;
  const v1::AttemptId attempt = kit.Run(kit.Submit("e", {"a"})[0]);
  kit.CloseStore();
  kit.options.fatal = [](const absl::Status&) { _exit(42); };
  const ChildEnd end = WriteReportsInAChild(kit, attempt, [&](FaultyVfs& disk) {
    disk.Arm({DiskOp::kSync, GetParam().file, GetParam().nth, Then::kFail, SQLITE_IOERR_FSYNC});
  });
  ASSERT_TRUE(WIFEXITED(end.status));
  EXPECT_EQ(WEXITSTATUS(end.status), 42);
  EXPECT_GT(end.acknowledged, 0u);
  kit.options.fatal = nullptr;
  kit.Reopen();
  const auto answer = kit.ReportLog(attempt, end.acknowledged, "x");
  ASSERT_OK(answer);
  EXPECT_TRUE(answer->taken || answer->held.offset() == end.acknowledged + 1);
}

INSTANTIATE_TEST_SUITE_P(Of, FailedSyncTest,
                         testing::Values(SyncCase{"ACommit", DiskFile::kLog, 7},
                                         SyncCase{"ACheckpoint", DiskFile::kDatabase, 2}),
                         [](const auto& one) { return std::string(one.param.name); });

}  // namespace
}  // namespace xp::store
