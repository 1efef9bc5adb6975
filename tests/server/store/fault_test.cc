// What the disk, the process and other processes can do to a store.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <latch>
#include <sstream>

#include "server/store/sqlite/database.h"
#include "server/store/sqlite/schema.h"
#include "tests/server/store/store_kit.h"

namespace xp::store {
namespace {

using testing::HasSubstr;

TEST(StoreFaultTest, SecondOpenerIsRefused) {
  StoreKit kit;
  const auto second = OpenStore(kit.Options());
  EXPECT_CODE(second, kFailedPrecondition);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr(std::to_string(getpid())));
}

TEST(StoreFaultTest, NewerAndForeignDatabasesAreRefused) {
  TempFolder folder;
  const std::string path = folder.path() + "/x.db";
  {
    auto db = *Database::Open(path, Database::Mode::kReadWrite);
    ASSERT_OK(MigrateSchema(*db));
    EXPECT_EQ(*SchemaVersion(*db), static_cast<int>(Migrations().size()));
    ASSERT_OK(MigrateSchema(*db));  // again: nothing to do
    ASSERT_OK(db->Run("PRAGMA user_version = 999"));
    const absl::Status newer = MigrateSchema(*db);
    EXPECT_CODE(newer, kFailedPrecondition);
    EXPECT_THAT(std::string(newer.message()), HasSubstr("version 999"));
  }
  auto foreign = *Database::Open(folder.path() + "/y.db", Database::Mode::kReadWrite);
  ASSERT_OK(foreign->Run("CREATE TABLE somebody_elses (x)"));
  EXPECT_CODE(MigrateSchema(*foreign), kFailedPrecondition);
}

TEST(StoreFaultTest, ADatabaseThatIsNotOursIsRefusedAndLeftAsItIs) {
  StoreKit kit;
  kit.CloseStore();
  const std::string path = kit.options.data_dir + "/xp.db";
  std::filesystem::remove(path);
  {
    const auto foreign = *Database::Open(path, Database::Mode::kReadWrite);
    ASSERT_OK(foreign->Run("CREATE TABLE somebody_elses (x)"));
  }
  std::stringstream before, after;
  before << std::ifstream(path).rdbuf();
  EXPECT_CODE(OpenStore(kit.Options()), kFailedPrecondition);
  after << std::ifstream(path).rdbuf();
  EXPECT_EQ(before.str(), after.str());
  std::filesystem::remove(path);
  kit.Reopen();
}

// What a data folder is without its database.
class LostDatabaseTest : public testing::Test {
 protected:
  absl::Status Start() { return OpenStore(kit_.Options()).status(); }

  StoreKit kit_;
  const std::string path_ = kit_.options.data_dir + "/xp.db";
};

TEST_F(LostDatabaseTest, BesideBlobsNoNewStoreBegins) {
  ASSERT_OK(kit_.Upload("weights"));
  kit_.CloseStore();
  const std::string kept = path_ + ".kept";
  std::filesystem::rename(path_, kept);
  EXPECT_CODE(Start(), kFailedPrecondition);
  EXPECT_THAT(std::string(Start().message()), HasSubstr("xp.db is missing"));
  EXPECT_FALSE(std::filesystem::exists(path_));
  std::ofstream(path_).close();
  EXPECT_THAT(std::string(Start().message()), HasSubstr("xp.db holds nothing"));
  EXPECT_EQ(std::filesystem::file_size(path_), 0u);
  ASSERT_OK((*Database::Open(path_, Database::Mode::kReadWrite))->Run("PRAGMA journal_mode = WAL"));
  EXPECT_THAT(std::string(Start().message()), HasSubstr("xp.db holds nothing"));
  std::filesystem::rename(kept, path_);
  EXPECT_OK(Start());
}

TEST_F(LostDatabaseTest, ItsLogIsKept) {
  kit_.CloseStore();
  std::filesystem::remove(path_);
  std::ofstream(path_ + "-wal") << "pages";
  EXPECT_CODE(Start(), kFailedPrecondition);
  EXPECT_EQ(std::filesystem::file_size(path_ + "-wal"), 5u);
}

TEST_F(LostDatabaseTest, WithoutFilesItIsANewStore) {
  kit_.CloseStore();
  std::filesystem::remove(path_);
  EXPECT_OK(Start());
}

TEST(StoreFaultTest, FailedMigrationLeavesTheDatabaseAsItWas) {
  TempFolder folder;
  auto db = *Database::Open(folder.path() + "/x.db", Database::Mode::kReadWrite);
  auto migrations = Migrations();
  ASSERT_OK(MigrateSchema(*db, migrations));
  migrations.push_back({"0002_good.sql", "CREATE TABLE extra (x)"});
  migrations.push_back({"0003_bad.sql", "CREATE TABLE extra (x)"});
  EXPECT_FALSE(MigrateSchema(*db, migrations).ok());
  EXPECT_EQ(*SchemaVersion(*db), static_cast<int>(Migrations().size()));
  migrations.pop_back();
  ASSERT_OK(MigrateSchema(*db, migrations));
  EXPECT_EQ(*SchemaVersion(*db), static_cast<int>(Migrations().size()) + 1);
}

TEST(StoreFaultTest, ItemsOfAGroupFailAloneAndAreAnsweredAfterTheCommit) {
  StoreKit kit;
  ChangeRecorder recorder;
  kit.store().AddListener(&recorder);
  std::latch holding(1), answered(3);
  // Holds the writer, so that the next two are one group.
  kit.store().Enqueue(
      [&](WriteContext&) {
        holding.wait();
        return absl::OkStatus();
      },
      [&](const absl::Status&) { answered.count_down(); });
  const auto create = [](const std::string& name, absl::Status result) {
    return [=](WriteContext& context) -> absl::Status {
      v1::CreateExperimentRequest request;
      request.set_experiment_id(name);
      const auto made = context.experiments().Create(request);
      return made.ok() ? result : made.status();
    };
  };
  absl::Status bad, good;
  kit.store().Enqueue(create("bad", absl::InvalidArgumentError("no")), [&](const auto& status) {
    bad = status;
    answered.count_down();
  });
  kit.store().Enqueue(create("good", absl::OkStatus()), [&](const auto& status) {
    good = status;
    answered.count_down();
  });
  holding.count_down();
  answered.wait();
  kit.store().RemoveListener(&recorder);
  EXPECT_CODE(bad, kInvalidArgument);
  EXPECT_OK(good);
  EXPECT_CODE(kit.store().experiments().Get("bad"), kNotFound);
  EXPECT_OK(kit.store().experiments().Get("good"));
  ASSERT_EQ(recorder.commits.size(), 1u);  // and told once, of the good one alone
  ASSERT_EQ(recorder.commits[0].experiments.size(), 1u);
  EXPECT_EQ(recorder.commits[0].experiments[0].experiment, "good");
}

TEST(StoreFaultTest, FullQueueIsNamedAndStoppedStoreRefuses) {
  StoreKit kit;
  kit.options.writer_queue_max = 1;
  kit.Reopen();
  std::latch holding(1), entered(1), answered(2);
  const auto done = [&](const absl::Status&) { answered.count_down(); };
  kit.store().Enqueue(
      [&](WriteContext&) {
        entered.count_down();
        holding.wait();
        return absl::OkStatus();
      },
      done);
  entered.wait();
  kit.store().Enqueue([](WriteContext&) { return absl::OkStatus(); }, done);
  absl::Status refused;
  kit.store().Enqueue([](WriteContext&) { return absl::OkStatus(); },
                      [&](const absl::Status& status) { refused = status; });
  EXPECT_CODE(refused, kResourceExhausted);
  holding.count_down();
  answered.wait();
  kit.store().Stop();
  EXPECT_CODE(kit.Do([](WriteContext&) { return absl::OkStatus(); }), kUnavailable);
}

// Writes reports until it is killed, noting each acknowledged offset in a file.
[[noreturn]] void WriteUntilKilled(StoreKit& kit, const std::string& notes) {
  kit.Reopen();
  const v1::AttemptId attempt = kit.Run(kit.Submit("e", {"a"})[0]);
  for (uint64_t i = 0;; ++i) {
    const auto answer =
        kit.ReportLog(attempt, i, "x", {MakeSeries("loss", {{1, static_cast<int64_t>(i)}})});
    if (!answer.ok()) _exit(3);
    std::ofstream(notes, std::ios::trunc) << answer->held.offset() << std::flush;
  }
}

TEST(StoreFaultTest, WhatWasAcknowledgedIsThereAfterKill9) {
  StoreKit kit;
  kit.CloseStore();
  const std::string notes = kit.folder.path() + "/acknowledged";
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) WriteUntilKilled(kit, notes);
  uint64_t acknowledged = 0;
  while (acknowledged < 50) {
    std::ifstream(notes) >> acknowledged;
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, WNOHANG), 0) << "the writer ended by itself";
  }
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  std::ifstream(notes) >> acknowledged;
  kit.Reopen();
  v1::ReadLogRequest read;
  read.set_name("e/a");
  const auto log = kit.store().logs().Read(read);
  ASSERT_OK(log);
  EXPECT_GE(log->end_offset(), acknowledged);
  // Bytes, points and offset are one: nothing of one without the others.
  EXPECT_EQ(log->data().size(), log->end_offset());
  EXPECT_EQ(SummaryOf(kit.Row("e", "a"), "loss").count, log->end_offset());
}

TEST(StoreFaultTest, FullDatabaseIsAnsweredToTheGroupAndHeals) {
  StoreKit kit;
  const v1::AttemptId attempt = kit.Run(kit.Submit("e", {"a"})[0]);
  ASSERT_OK(kit.LimitPages(1));  // no page more than there are
  std::string noise;
  for (uint32_t i = 0; i < 300'000; ++i) noise += static_cast<char>((i * 2654435761u) >> 24);
  EXPECT_CODE(kit.ReportLog(attempt, 0, noise), kResourceExhausted);
  ASSERT_OK(kit.LimitPages(1 << 30));
  const auto answer = kit.ReportLog(attempt, 0, noise);
  ASSERT_OK(answer);
  EXPECT_TRUE(answer->taken);
}

}  // namespace
}  // namespace xp::store
