// Databases of every version that there was open, are brought up to date, and lose nothing.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "server/store/sqlite/schema.h"
#include "tests/server/store/database_story.h"

namespace xp::store {
namespace {

TEST(DatabaseVersionsTest, ThisVersionTellsTheStory) {
  StoreKit kit;
  TellStory(kit);
  kit.CloseStore();
  // How a version's fixture is made: docs/database.md.
  if (const char* keep = std::getenv("XP_KEEP_DATABASE")) {
    std::filesystem::copy_file(kit.options.data_dir + "/xp.db", keep);
  }
  kit.Reopen();
  ExpectStory(kit);
}

// Puts a fixture, which is SQL, in the place of the store's database.
void LoadFixture(StoreKit& kit, const std::string& name) {
  kit.CloseStore();
  const std::string path = kit.options.data_dir + "/xp.db";
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path + suffix);
  std::ifstream file(std::string(XP_TEST_FIXTURES) + "/database/" + name);
  ASSERT_TRUE(file) << name << " is not there";
  std::stringstream sql;
  sql << file.rdbuf();
  const auto db = Database::Open(path, Database::Mode::kReadWrite);
  ASSERT_OK(db);
  ASSERT_OK((*db)->RunScript(sql.str().c_str()));
}

class EarlierVersionTest : public testing::TestWithParam<int> {};

TEST_P(EarlierVersionTest, IsBroughtUpToDateAndNothingIsLost) {
  StoreKit kit;
  LoadFixture(kit, "v" + std::to_string(GetParam()) + ".sql");
  {
    const auto db = Database::Open(kit.options.data_dir + "/xp.db", Database::Mode::kReadOnly);
    EXPECT_EQ(*SchemaVersion(**db), GetParam());
  }
  kit.Reopen();
  ExpectStory(kit);
  const auto db = Database::Open(kit.options.data_dir + "/xp.db", Database::Mode::kReadOnly);
  EXPECT_EQ(*SchemaVersion(**db), static_cast<int>(Migrations().size()));
}

// Those of which tests/fixtures/database has one.
INSTANTIATE_TEST_SUITE_P(Version, EarlierVersionTest, testing::Values(1));

}  // namespace
}  // namespace xp::store
