// What is kept, what is cleaned, what is recorded, and inputs that are fetched once.
#include <sys/stat.h>

#include "tests/worker/daemon/daemon_fixture.h"
#include "worker/daemon/cleaner.h"
#include "worker/daemon/environment_snapshot.h"
#include "worker/daemon/message_file.h"

namespace xp::daemon {
namespace {

using ::testing::HasSubstr;

class HousekeepingTest : public DaemonFixture {
 protected:
  // A folder as an attempt leaves it.
  std::string AddAttempt(const std::string& uid, int exit_code, bool confirmed) {
    v1::Assignment assignment;
    assignment.mutable_attempt()->set_trial_uid(uid);
    assignment.mutable_attempt()->set_number(1);
    auto record = CreateAttempt(work_, assignment);
    EXPECT_TRUE(record.ok());
    v1::Exited exited;
    exited.set_exit_code(exit_code);
    EXPECT_TRUE(WriteMessage(record->paths.Exited(), exited).ok());
    if (confirmed) (void)WriteMessage(record->paths.Confirmed(), v1::Confirmed());
    return record->paths.root();
  }
  static bool Exists(const std::string& path) { return std::filesystem::exists(path); }
  static std::function<DiskSpace()> Disk(uint64_t free) {
    return [free] { return DiskSpace{.total = 100, .free = free}; };
  }
};

TEST_F(HousekeepingTest, ConfirmedAttemptsGoAfterTheirTimeAndOthersNever) {
  const std::string fine = AddAttempt("fine", 0, true);
  const std::string failed = AddAttempt("failed", 1, true);
  const std::string open = AddAttempt("open", 0, false);
  const CleanOptions options{.disk = Disk(50)};
  CleanWorkDir(work_, absl::Now() + absl::Hours(23), options);
  EXPECT_TRUE(Exists(fine));
  CleanWorkDir(work_, absl::Now() + absl::Hours(25), options);
  EXPECT_FALSE(Exists(fine));
  EXPECT_TRUE(Exists(failed));
  CleanWorkDir(work_, absl::Now() + absl::Hours(24 * 8), options);
  EXPECT_FALSE(Exists(failed));
  EXPECT_TRUE(Exists(open));
}

TEST_F(HousekeepingTest, AFullDiskTakesConfirmedAttemptsEarlier) {
  const std::string fine = AddAttempt("fine", 0, true);
  const std::string open = AddAttempt("open", 0, false);
  CleanWorkDir(work_, absl::Now(), {.disk = Disk(9)});
  EXPECT_FALSE(Exists(fine));
  EXPECT_TRUE(Exists(open));
}

TEST_F(HousekeepingTest, InputsAreFetchedOnceAndAnAttemptsOwnLinksOutliveTheCache) {
  const std::string manifest = server_.AddFolder({{"a.txt", "aa"}, {"b/c.txt", "aa"}});
  client::Client client(client::MakeChannel(*client::ParseAddress(server_.address())));
  InputCache cache(work_.Cache(), client, clock_);
  const std::string one = work_.root() + "/one", two = work_.root() + "/two";
  ASSERT_TRUE(cache.Link(manifest, one, {}).ok());
  ASSERT_TRUE(cache.Link(manifest, two, {}).ok());
  struct stat first, second;
  ASSERT_EQ(stat((one + "/a.txt").c_str(), &first), 0);
  ASSERT_EQ(stat((two + "/b/c.txt").c_str(), &second), 0);
  EXPECT_EQ(first.st_ino, second.st_ino) << "one copy of equal content";
  EXPECT_EQ(first.st_mode & 0222, 0u) << "read-only";
  std::filesystem::remove_all(work_.Cache());
  EXPECT_EQ(FileText(one + "/a.txt"), "aa");
}

TEST_F(HousekeepingTest, AnInputThatAProgramChangedIsFetchedAnew) {
  const std::string manifest = server_.AddFolder({{"a.txt", "good"}});
  client::Client client(client::MakeChannel(*client::ParseAddress(server_.address())));
  InputCache cache(work_.Cache(), client, clock_);
  const std::string one = work_.root() + "/one", two = work_.root() + "/two";
  ASSERT_TRUE(cache.Link(manifest, one, {}).ok());
  chmod((one + "/a.txt").c_str(), 0644);
  std::ofstream(one + "/a.txt") << "evil";
  ASSERT_TRUE(cache.Link(manifest, two, {}).ok());
  EXPECT_EQ(FileText(two + "/a.txt"), "good");
}

TEST_F(HousekeepingTest, AManifestThatLeavesItsFolderIsRefused) {
  v1::FileManifest manifest;
  v1::ManifestFile& file = *manifest.add_files();
  file.set_path("../outside");
  file.set_size(2);
  file.set_sha256(server_.AddBlob("aa"));
  const std::string name = server_.AddBlob(manifest.SerializeAsString());
  client::Client client(client::MakeChannel(*client::ParseAddress(server_.address())));
  InputCache cache(work_.Cache(), client, clock_);
  EXPECT_TRUE(absl::IsInvalidArgument(cache.Link(name, work_.root() + "/x/in", {})));
  EXPECT_FALSE(Exists(work_.root() + "/x/outside"));
}

TEST_F(HousekeepingTest, TheEnvironmentIsRecordedAndUploaded) {
  const std::string key = server_.Assign(Shell("true"));
  StartDaemon();
  const FakeAttempt attempt = WaitForEnd(key);
  ASSERT_TRUE(attempt.artifacts.contains("environment/environment.json"));
  const std::string text = FileText(PathsOf(key).Environment() + "/environment.json");
  EXPECT_THAT(text, HasSubstr("\"trial\": \"exp/uid1\""));
  EXPECT_THAT(text, HasSubstr("\"kernel\": \"Linux"));
}

TEST_F(HousekeepingTest, ListsThatCannotBeHadAreNamed) {
  const AttemptPaths paths(work_.root() + "/attempt");
  const SnapshotFacts facts{.environment = {"PATH=/usr/bin:/bin"},
                            .lists = {{"good.txt", {"echo", "package 1.0"}},
                                      {"bad.txt", {"false"}},
                                      {"none.txt", {"no-such-tool-of-mine"}},
                                      {"slow.txt", {"sleep", "1000"}}}};
  ASSERT_TRUE(WriteEnvironmentSnapshot(paths, {}, facts, absl::Milliseconds(200)).ok());
  EXPECT_EQ(FileText(paths.Environment() + "/good.txt"), "package 1.0\n");
  EXPECT_FALSE(Exists(paths.Environment() + "/bad.txt"));
  const std::string text = FileText(paths.Environment() + "/environment.json");
  for (const char* name : {"bad.txt", "none.txt", "slow.txt"}) EXPECT_THAT(text, HasSubstr(name));
}

}  // namespace
}  // namespace xp::daemon
