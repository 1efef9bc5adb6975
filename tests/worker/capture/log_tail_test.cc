#include "worker/capture/log_tail.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace xp::capture {
namespace {

class LogTailTest : public ::testing::Test {
 protected:
  LogTailTest() {
    std::string name = (std::filesystem::temp_directory_path() / "log_tail_XXXXXX").string();
    folder_ = mkdtemp(name.data());
    path_ = (folder_ / "log").string();
  }
  ~LogTailTest() override { std::filesystem::remove_all(folder_); }

  void AppendBytes(const std::string& bytes) {
    std::ofstream(path_, std::ios::app | std::ios::binary) << bytes;
  }
  TailRead Read(uint64_t offset, size_t max_bytes = 100) {
    const auto read = ReadTail(path_, offset, max_bytes);
    EXPECT_TRUE(read.ok()) << read.status();
    return read.ok() ? *read : TailRead();
  }

  std::filesystem::path folder_;
  std::string path_;
};

TEST_F(LogTailTest, FileThatIsNotThereYetIsAnExpectedState) {
  EXPECT_EQ(Read(0).state, TailState::kMissing);
}

TEST_F(LogTailTest, OnlyWhatIsNewIsRead) {
  AppendBytes("one\n");
  EXPECT_EQ(Read(0).bytes, "one\n");
  EXPECT_EQ(Read(4).state, TailState::kNothing);
  AppendBytes("two\n");
  EXPECT_EQ(Read(4).bytes, "two\n");
  EXPECT_EQ(Read(4).file_size, 8u);
}

TEST_F(LogTailTest, PartialLastLineIsKept) {
  AppendBytes("loss: 0.9");
  EXPECT_EQ(Read(0).bytes, "loss: 0.9");
  AppendBytes("3\n");
  EXPECT_EQ(Read(0).bytes, "loss: 0.93\n");
}

TEST_F(LogTailTest, AtMostWhatIsAskedForIsRead) {
  AppendBytes("0123456789");
  EXPECT_EQ(Read(2, 3).bytes, "234");
  EXPECT_EQ(Read(2, 3).state, TailState::kBytes);
  EXPECT_EQ(Read(2, 3).file_size, 10u);
}

TEST_F(LogTailTest, ShorterFileIsTruncatedNotAnError) {
  AppendBytes("0123456789");
  std::filesystem::resize_file(path_, 4);
  EXPECT_EQ(Read(10).state, TailState::kTruncated);
  EXPECT_EQ(Read(10).file_size, 4u);
  EXPECT_EQ(Read(4).state, TailState::kNothing);
}

TEST_F(LogTailTest, HolesReadAsZeros) {
  AppendBytes("a");
  std::filesystem::resize_file(path_, 5);
  EXPECT_EQ(Read(0).bytes, std::string("a\0\0\0\0", 5));
}

TEST_F(LogTailTest, FifoIsRefusedAtOnceInsteadOfWaitedFor) {
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  EXPECT_EQ(ReadTail(path_, 0, 10).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(LogTailTest, FolderIsRefused) {
  EXPECT_EQ(ReadTail(folder_.string(), 0, 10).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace xp::capture
