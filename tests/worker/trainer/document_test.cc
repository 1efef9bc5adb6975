// Data sets as they come: tables, lines of JSON, folders and tars of reviews.
#include "worker/trainer/data/document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "tests/worker/trainer/temp_folder.h"
#include "worker/trainer/files.h"

namespace xp::trainer {
namespace {

namespace fs = std::filesystem;

class DocumentTest : public ::testing::Test {
 protected:
  fs::path Write(const std::string& name, std::string_view content) {
    EXPECT_TRUE(WriteFile(dir_ / name, content).ok());
    return dir_ / name;
  }
  // The documents as "split/label/text", or the error.
  std::vector<std::string> Read(const fs::path& path,
                                std::optional<SourceFormat> format = std::nullopt) {
    std::vector<std::string> seen;
    SourceOptions options;
    options.format = format;
    const absl::Status status = ReadDocuments(path, options, [&](Document d) {
      seen.push_back((d.split == Split::kTrain ? "train/" : "test/") + d.label + "/" + d.text);
      return absl::OkStatus();
    });
    if (!status.ok()) seen = {std::string(status.message())};
    return seen;
  }

  const TempFolder folder_;
  const fs::path dir_ = folder_.path();
};

TEST_F(DocumentTest, CsvTakesQuotesAndLineBreaksWithinThem) {
  const fs::path file =
      Write("a.csv", "label,text\r\npos,\"good, \"\"very\"\" good\nindeed\"\r\nneg,bad\r\n");
  EXPECT_EQ(Read(file, SourceFormat::kCsv),
            (std::vector<std::string>{"train/pos/good, \"very\" good\nindeed", "train/neg/bad"}));
}

TEST_F(DocumentTest, TableErrorsNameTheLineAndTheColumns) {
  EXPECT_NE(Read(Write("a.csv", "x,y\n1,2\n"), SourceFormat::kCsv)[0].find("the columns are: x, y"),
            std::string::npos);
  EXPECT_NE(Read(Write("b.tsv", "text\tlabel\na\tb\tc\n"), SourceFormat::kTsv)[0].find(
                "line 2: 3 fields"),
            std::string::npos);
  EXPECT_NE(Read(Write("c.csv", "text,label\n\"a,b\n"), SourceFormat::kCsv)[0].find("never closed"),
            std::string::npos);
}

TEST_F(DocumentTest, BytesOfALabelThatAreNotUtf8AreReplaced) {
  EXPECT_EQ(Read(Write("a.csv", "text,label\nhi,n\xe9gatif\n"), SourceFormat::kCsv),
            (std::vector<std::string>{"train/n\xEF\xBF\xBDgatif/hi"}));
}

TEST_F(DocumentTest, JsonLinesErrorsNameTheLine) {
  const fs::path file =
      Write("a.jsonl", "{\"text\": \"a\", \"label\": 1}\n\n{\"text\": \"\\ud800\"}\n");
  EXPECT_NE(Read(file, SourceFormat::kJsonl)[0].find("a.jsonl:3:"), std::string::npos);
}

TEST_F(DocumentTest, ANumberThatIsNoLabelIsSaidToBeOne) {
  for (const char* label : {"0.5", "100000000000000000000"}) {
    const fs::path file =
        Write("a.jsonl", std::string("{\"text\": \"a\", \"label\": ") + label + "}\n");
    EXPECT_THAT(Read(file)[0], testing::HasSubstr("a.jsonl:1: the label is a number with a frac"));
  }
}

TEST_F(DocumentTest, EachSplitsFileHasItsOwnFormat) {
  Write("train.csv", "text,label\na,x\n");
  Write("test.jsonl", "{\"text\": \"b\", \"label\": \"y\"}\n");
  using Documents = std::vector<std::string>;
  EXPECT_EQ(Read(dir_), (Documents{"train/x/a", "test/y/b"}));
  EXPECT_EQ(Read(dir_, SourceFormat::kCsv), (Documents{"train/x/a"}));
  const fs::path second = Write("train.ndjson", "{\"text\": \"c\", \"label\": \"z\"}\n");
  EXPECT_EQ(Read(dir_, SourceFormat::kJsonl), (Documents{"train/z/c", "test/y/b"}));
  EXPECT_THAT(Read(dir_)[0], testing::HasSubstr("has both train.ndjson and train.csv: which one"));
  fs::remove(second);
  EXPECT_THAT(Read(dir_, SourceFormat::kTsv)[0], testing::HasSubstr("no train.tsv here; --format"));
  Write("test.tsv", "text\tlabel\n");
  EXPECT_THAT(Read(dir_)[0], testing::HasSubstr("has both test.jsonl and test.tsv: which one"));
}

TEST_F(DocumentTest, TheEndOfANameCountsNotWhatIsInIt) {
  EXPECT_EQ(Read(Write("my.target.csv", "text,label\na,x\n")),
            (std::vector<std::string>{"train/x/a"}));
}

TEST_F(DocumentTest, AFolderThatCannotBeReadIsAnError) {
  Write("aclImdb/train/neg/0_2.txt", "bad");
  fs::create_directory_symlink("test", dir_ / "aclImdb/test");  // which leads nowhere
  EXPECT_THAT(Read(dir_, SourceFormat::kAclImdb)[0], testing::HasSubstr("cannot read"));
}

TEST_F(DocumentTest, AclImdbComesSortedAndWithoutTheUnlabelled) {
  Write("aclImdb/train/pos/1_9.txt", "good");
  Write("aclImdb/train/neg/0_2.txt", "bad");
  Write("aclImdb/test/pos/0_8.txt", "fine");
  Write("aclImdb/train/unsup/0_0.txt", "unknown");
  EXPECT_EQ(Read(dir_, SourceFormat::kAclImdb),
            (std::vector<std::string>{"test/pos/fine", "train/neg/bad", "train/pos/good"}));
}

TEST_F(DocumentTest, AClassThatAclImdbDoesNotHaveIsNamed) {
  Write("aclImdb/train/pos/1_9.txt", "good");
  Write("aclImdb/train/neg/0_2.txt", "bad");
  Write("aclImdb/train/urls_pos.txt", "http://");
  Write("aclImdb/train/notes/readme.md", "no review");
  Write("aclImdb/train/.cache/a.txt", "some program's own");
  Write("docs/test/cases/a.txt", "of another folder");
  const std::vector<std::string> both = {"train/neg/bad", "train/pos/good"};
  const auto tar = [this] {
    const std::string pack =
        "tar -C " + dir_.string() + " -cf " + (dir_ / "a.tar").string() + " aclImdb docs";
    EXPECT_EQ(std::system(pack.c_str()), 0);
    return Read(dir_ / "a.tar");
  };
  EXPECT_EQ(Read(dir_), both);
  const std::vector<std::string> packed = tar();
  Write("aclImdb/train/neutral/2_5.txt", "so so");
  EXPECT_THAT(Read(dir_)[0], testing::HasSubstr("aclImdb: train/neutral is no class"));
  if (packed[0].find("built without libarchive") != packed[0].npos) GTEST_SKIP() << packed[0];
  EXPECT_EQ(packed, both);
  EXPECT_THAT(tar()[0], testing::HasSubstr("a.tar: aclImdb/train/neutral is no class"));
}

}  // namespace
}  // namespace xp::trainer
