#include "client/xpctl/source/gitignore.h"

#include <gtest/gtest.h>

#include "client/xpctl/source/source_folder.h"
#include "tests/client/cpp/temp_folder.h"

namespace xp::xpctl {
namespace {

bool Ignored(const char* rules, const char* path) {
  IgnoreRules ignore;
  ignore.AddFile("", rules);
  const std::string_view text = path;
  return text.ends_with('/')
             ? ignore.Ignores(text.substr(0, text.size() - 1), IgnoreRules::Kind::kFolder)
             : ignore.Ignores(text, IgnoreRules::Kind::kFile);
}

// The expectations are those of gitignore(5).
TEST(GitignoreTest, PatternsMeanWhatGitMeans) {
  EXPECT_TRUE(Ignored("*.log", "a/b/x.log"));
  EXPECT_FALSE(Ignored("/*.log", "a/x.log"));
  EXPECT_TRUE(Ignored("/*.log", "x.log"));
  EXPECT_TRUE(Ignored("build/", "a/build/"));
  EXPECT_FALSE(Ignored("build/", "build"));
  EXPECT_TRUE(Ignored("doc/frotz/", "doc/frotz/"));
  EXPECT_FALSE(Ignored("doc/frotz/", "a/doc/frotz/"));
  EXPECT_TRUE(Ignored("**/foo", "a/b/foo"));
  EXPECT_TRUE(Ignored("**/foo", "foo"));
  EXPECT_TRUE(Ignored("**/foo/bar", "x/foo/bar"));
  EXPECT_TRUE(Ignored("abc/**", "abc/x/y"));
  EXPECT_FALSE(Ignored("abc/**", "abc/"));
  EXPECT_TRUE(Ignored("a/**/b", "a/b"));
  EXPECT_TRUE(Ignored("a/**/b", "a/x/y/b"));
  EXPECT_FALSE(Ignored("a/**/b", "ax/b"));
  EXPECT_FALSE(Ignored("a*b", "a/b"));
  EXPECT_TRUE(Ignored("foo/*", "foo/x"));
  EXPECT_FALSE(Ignored("foo/*", "foo/x/y"));
  EXPECT_TRUE(Ignored("?.py", "x.py"));
  EXPECT_FALSE(Ignored("?.py", "xy.py"));
  EXPECT_TRUE(Ignored("[a-c].py", "b.py"));
  EXPECT_FALSE(Ignored("[!a-c].py", "b.py"));
  EXPECT_TRUE(Ignored("[[:digit:]]*", "1x"));
  EXPECT_TRUE(Ignored("[]-]x", "]x"));
}

TEST(GitignoreTest, CommentsEscapesAndNegationsCount) {
  EXPECT_FALSE(Ignored("# a\n\n", "# a"));
  EXPECT_TRUE(Ignored("\\#a", "#a"));
  EXPECT_TRUE(Ignored("\\!a", "!a"));
  EXPECT_TRUE(Ignored("a  ", "a"));
  EXPECT_TRUE(Ignored("a\\ ", "a "));
  EXPECT_TRUE(Ignored("a\r\n", "a"));
  EXPECT_FALSE(Ignored("*.log\n!keep.log", "keep.log"));
  EXPECT_TRUE(Ignored("!keep.log\n*.log", "keep.log"));
  EXPECT_TRUE(Ignored("\xEF\xBB\xBF*.log", "x.log"));
}

TEST(GitignoreTest, ManyStarsTakeNoTime) {
  EXPECT_FALSE(
      MatchesWildcards(std::string(60, '*') + "a*a*a*a*a*a*a*a*a*b", std::string(2000, 'a')));
}

TEST(GitignoreTest, DeeperFilesDecideAfterThoseAbove) {
  IgnoreRules rules;
  rules.AddFile("", "*.txt\n");
  rules.AddFile("sub", "!x.txt\n/y\n");
  EXPECT_FALSE(rules.Ignores("sub/x.txt", IgnoreRules::Kind::kFile));
  EXPECT_TRUE(rules.Ignores("x.txt", IgnoreRules::Kind::kFile));
  EXPECT_TRUE(rules.Ignores("sub/y", IgnoreRules::Kind::kFile));
  EXPECT_FALSE(rules.Ignores("subway/y", IgnoreRules::Kind::kFile));
}

std::vector<std::string> Paths(const std::string& folder) {
  const auto source = ReadSourceFolder(folder);
  EXPECT_TRUE(source.ok()) << source.status();
  std::vector<std::string> paths;
  if (!source.ok()) return paths;
  for (const v1::ManifestFile& file : source->folder.manifest.files()) paths.push_back(file.path());
  return paths;
}

TEST(SourceFolderTest, WhatIsIgnoredStaysHere) {
  const client::TempFolder folder;
  folder.Write(".gitignore", "data/\n*.ckpt\n");
  folder.Write(".xpignore", "!small.ckpt\n");
  folder.Write("train.py", "");
  folder.Write("big.ckpt", "");
  folder.Write("small.ckpt", "");
  folder.Write("data/x", "");
  folder.Write("lib/.gitignore", "tmp\n");
  folder.Write("lib/tmp", "");
  folder.Write("lib/util.py", "");
  folder.Write(".git/config", "");
  EXPECT_EQ(Paths(folder.path()),
            (std::vector<std::string>{".gitignore", ".xpignore", "lib/.gitignore", "lib/util.py",
                                      "small.ckpt", "train.py"}));
}

TEST(SourceFolderTest, TheRepositorysRulesCountInItsFolders) {
  const client::TempFolder folder;
  folder.Write(".git/HEAD", "");
  folder.Write(".gitignore", "*.log\n/scripts/out\n");
  folder.Write("scripts/train.py", "");
  folder.Write("scripts/x.log", "");
  folder.Write("scripts/out/y", "");
  EXPECT_EQ(Paths(folder / "scripts"), std::vector<std::string>{"train.py"});
}

}  // namespace
}  // namespace xp::xpctl
