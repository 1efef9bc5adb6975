#include "client/cpp/file_manifest.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/cpp/sha256.h"
#include "tests/client/cpp/temp_folder.h"

namespace xp::client {
namespace {

TEST(FileManifestTest, EqualFoldersAreEqualBlobsWhateverTheOrderOfWriting) {
  const TempFolder a;
  const TempFolder b;
  a.Write("b/2", "two");
  a.Write("a", "one");
  a.Write("b-x", "three");
  b.Write("b-x", "three");
  b.Write("a", "one");
  b.Write("b/2", "two");
  const auto first = ReadFolder(a.path());
  const auto second = ReadFolder(b.path());
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->manifest_sha256, second->manifest_sha256);
  // Byte order: '-' comes before '/'.
  ASSERT_EQ(first->manifest.files_size(), 3);
  EXPECT_EQ(first->manifest.files(1).path(), "b-x");
  EXPECT_EQ(first->manifest.files(2).path(), "b/2");
  EXPECT_EQ(first->total_bytes, 11u);
  EXPECT_TRUE(ParseManifest(SerializeManifest(first->manifest)).ok());
}

TEST(FileManifestTest, EqualFilesAreOneBlobAndExecutablesAreKnown) {
  const TempFolder folder;
  folder.Write("one", "same");
  ::chmod(folder.Write("two", "same").c_str(), 0755);
  const auto read = ReadFolder(folder.path());
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->blobs.size(), 2u);  // the content and the manifest
  EXPECT_FALSE(read->manifest.files(0).executable());
  EXPECT_TRUE(read->manifest.files(1).executable());
}

TEST(FileManifestTest, ASingleFileIsAFolderWithThatFile) {
  const TempFolder folder;
  const auto read = ReadFolder(folder.Write("data.csv", "1,2"));
  ASSERT_TRUE(read.ok());
  ASSERT_EQ(read->manifest.files_size(), 1);
  EXPECT_EQ(read->manifest.files(0).path(), "data.csv");
}

TEST(FileManifestTest, LinksAreFollowedButNotInCircles) {
  const TempFolder folder;
  folder.Write("real", "x");
  ASSERT_EQ(::symlink("real", (folder / "link").c_str()), 0);
  EXPECT_EQ(ReadFolder(folder.path())->manifest.files_size(), 2);
  folder.Write("sub/file", "y");
  ASSERT_EQ(::symlink("..", (folder / "sub/up").c_str()), 0);
  const auto circle = ReadFolder(folder.path());
  EXPECT_TRUE(absl::IsFailedPrecondition(circle.status()));
  EXPECT_NE(std::string(circle.status().message()).find("sub/up"), std::string::npos);
}

TEST(FileManifestTest, AWalkMayGoOnBehindACircle) {
  const TempFolder folder;
  folder.Write("a/x", "x");
  ASSERT_EQ(::symlink("..", (folder / "a/up").c_str()), 0);
  folder.Write("b/y", "y");
  folder.Write("bad\xff", "z");
  const auto tree = WalkTree(folder.path(), {.on_trouble = OnTrouble::kLeaveOut});
  ASSERT_TRUE(tree.ok());
  ASSERT_EQ(tree->files.size(), 2u);
  EXPECT_EQ(tree->files[0].path, "a/x");
  EXPECT_EQ(tree->files[1].path, "b/y");
  EXPECT_EQ(tree->troubles.size(), 2u);
}

TEST(FileManifestTest, WhatIsNoFileIsToldAndNeverBlocks) {
  const TempFolder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_TRUE(absl::IsFailedPrecondition(ReadFolder(folder.path()).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(HashFile(folder / "pipe").status()));
  EXPECT_TRUE(absl::IsNotFound(ReadFolder(folder / "none").status()));
}

TEST(FileManifestTest, PathsThatWouldLeaveTheFolderAreRefused) {
  for (const char* path : {"", "/etc/passwd", "..", "a/../b", "./a", "a//b", "a/", "a/.", "\xff"}) {
    EXPECT_FALSE(CheckRelativePath(path).ok()) << path;
  }
  EXPECT_FALSE(CheckRelativePath(std::string(4097, 'a')).ok());
  EXPECT_TRUE(CheckRelativePath("a/..b/c d/\xC3\xA9").ok());
}

v1::FileManifest ManifestOf(std::initializer_list<const char*> paths) {
  v1::FileManifest manifest;
  for (const char* path : paths) {
    manifest.add_files()->set_path(path);
    manifest.mutable_files()->rbegin()->set_sha256(std::string(64, 'a'));
  }
  return manifest;
}

TEST(FileManifestTest, HostileManifestsAreRefused) {
  EXPECT_TRUE(ParseManifest(ManifestOf({"a", "b"}).SerializeAsString()).ok());
  EXPECT_FALSE(ParseManifest(ManifestOf({"a", "a"}).SerializeAsString()).ok());
  EXPECT_FALSE(ParseManifest(ManifestOf({"b", "a"}).SerializeAsString()).ok());
  EXPECT_FALSE(ParseManifest(ManifestOf({"../x"}).SerializeAsString()).ok());
  EXPECT_FALSE(ParseManifest(ManifestOf({"a", "a/b"}).SerializeAsString()).ok());
  EXPECT_FALSE(ParseManifest("\xff\xff no message").ok());
}

}  // namespace
}  // namespace xp::client
