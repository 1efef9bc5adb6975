// Tokenizers, configs, shards and lines that are damaged or hostile: an error that names the file
// and the place, or an answer that stays within its bounds; never a crash. Weights: see
// weight_files_test.cc.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>

#include "tests/worker/trainer/mutations.h"
#include "tests/worker/trainer/temp_folder.h"
#include "worker/trainer/data/document.h"
#include "worker/trainer/data/ids_lines.h"
#include "worker/trainer/data/shard.h"
#include "worker/trainer/files.h"
#include "worker/trainer/model/config.h"
#include "worker/trainer/tokenizer/load_tokenizer.h"
#include "worker/trainer/vocab/vocab_builder.h"

namespace xp::trainer {
namespace {

namespace fs = std::filesystem;

// Bytes that this process has ever had in memory.
uint64_t MostMemory() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return uint64_t(usage.ru_maxrss) << 10;
}

class DamagedFilesTest : public testing::Test {
 protected:
  // Into one folder a test: writes are unsynced, there are thousands.
  fs::path Put(const std::string& name, const std::string& content) {
    std::ofstream(dir() / name, std::ios::binary) << content;
    return dir() / name;
  }
  std::string Get(const std::string& name) { return *ReadFile(dir() / name); }
  const fs::path& dir() const { return folder_.path(); }

  void MakeVocabulary(VocabKind kind) {
    VocabBuilder builder({kind, 320, 1, true});
    builder.Add("a good film, a bad film; the very good ones are not that long, are they?");
    ASSERT_TRUE(builder.Write(dir()).ok());
  }
  std::string LoadError() { return std::string(LoadTokenizer(dir()).status().message()); }

  // Calls read() after each change of the file; what it returns must name the file if not OK.
  void Fuzz(const std::string& name, unsigned seed, const std::function<absl::Status()>& read) {
    const std::string good = Get(name);
    ASSERT_TRUE(read().ok()) << read();
    const uint64_t before = MostMemory();
    Mutator mutate(seed);
    for (int round = 0; round < FuzzRounds(300); ++round) {
      Put(name, mutate(good));
      const absl::Status status = read();
      if (status.ok()) continue;
      ASSERT_NE(status.message().find(name), std::string::npos) << "round " << round << status;
    }
    EXPECT_LT(MostMemory() - before, uint64_t{256} << 20) << "what a small file made it allocate";
    Put(name, good);
  }
  // What loads must also give ids that lie within its own limit.
  absl::Status LoadAndEncode() {
    const auto tokenizer = LoadTokenizer(dir());
    if (!tokenizer.ok()) return tokenizer.status();
    std::vector<uint32_t> ids;
    Encoder(*tokenizer).Encode("a good film [MASK] \u00e9\u4e2d\xff, they", {16}, ids);
    for (const uint32_t id : ids) EXPECT_LT(id, (*tokenizer)->id_limit());
    return absl::OkStatus();
  }

 private:
  const TempFolder folder_;
};

TEST_F(DamagedFilesTest, ADamagedWordPieceVocabularyIsNamedWithTheByte) {
  MakeVocabulary(VocabKind::kWordPiece);
  const std::string good = Get("vocab.txt");
  Put("vocab.txt", good.substr(0, 40) + "\xff" + good.substr(40));
  EXPECT_NE(LoadError().find("vocab.txt: byte 40 is not UTF-8"), std::string::npos) << LoadError();
  Put("vocab.txt", good.substr(0, good.find("[CLS]")));
  EXPECT_NE(LoadError().find("vocab.txt: the special token '[CLS]' is missing"), std::string::npos)
      << LoadError();
}

TEST_F(DamagedFilesTest, ADamagedByteLevelVocabularyIsNamedWithTheLine) {
  MakeVocabulary(VocabKind::kByteLevel);
  const std::string vocab = Get("vocab.json"), merges = Get("merges.txt");
  Put("vocab.json", vocab.substr(0, vocab.size() / 2));
  EXPECT_NE(LoadError().find("vocab.json: line "), std::string::npos) << LoadError();
  Put("vocab.json", vocab);
  Put("merges.txt", merges + "one two three\n");
  const auto lines = std::count(merges.begin(), merges.end(), '\n');
  EXPECT_NE(LoadError().find("merges.txt:" + std::to_string(lines + 1) + ": "), std::string::npos)
      << LoadError();
  Put("merges.txt", merges.substr(0, 20) + "\xc3(" + merges.substr(20));
  EXPECT_NE(LoadError().find("merges.txt: byte 20 is not UTF-8"), std::string::npos) << LoadError();
}

TEST_F(DamagedFilesTest, ADamagedTokenizerJsonIsNamedWithTheLine) {
  const std::string good = "{\n\"version\": \"1.0\",\n\"model\": 7}";
  for (size_t at = 1; at < good.size(); ++at) {
    Put("tokenizer.json", good.substr(0, at));
    EXPECT_NE(LoadError().find("tokenizer.json: line "), std::string::npos) << LoadError();
  }
  Put("tokenizer.json", good);
  EXPECT_NE(LoadError().find("tokenizer.json: model: is 7"), std::string::npos) << LoadError();
}

TEST_F(DamagedFilesTest, ANumberThatNoDoubleHoldsIsNamedWithTheLine) {
  Put("tokenizer.json", "{\n\"model\": 1e999}");
  EXPECT_NE(LoadError().find("tokenizer.json: line 2, column 10: a number too large: 1e999"),
            std::string::npos)
      << LoadError();
}

TEST_F(DamagedFilesTest, AFileThatCannotBeReadIsNoShorterFile) {
  const absl::Status status = ReadFile("/proc/self/mem").status();  // EIO from the first byte on
  EXPECT_NE(status.message().find("cannot read /proc/self/mem: "), std::string::npos) << status;
}

TEST_F(DamagedFilesTest, ATableThatCannotBeReadIsAnError) {
  fs::create_directories(dir() / "train.csv");
  SourceOptions source;
  source.format = SourceFormat::kCsv;
  const absl::Status status =
      ReadTable(dir() / "train.csv", source, [](Document) { return absl::OkStatus(); });
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_NE(status.message().find("train.csv: Is a directory"), std::string::npos) << status;
}

TEST_F(DamagedFilesTest, ATokenizerThatLeadsBackToItselfIsNamed) {
  fs::create_symlink("tokenizer.json", dir() / "tokenizer.json");
  EXPECT_NE(LoadError().find("tokenizer.json: Too many levels"), std::string::npos) << LoadError();
}

TEST_F(DamagedFilesTest, ChangedWordPieceFilesNeverCrash) {
  MakeVocabulary(VocabKind::kWordPiece);
  Put("tokenizer_config.json", R"({"do_lower_case": true, "strip_accents": null})");
  Fuzz("vocab.txt", 1, [this] { return LoadAndEncode(); });
  Fuzz("tokenizer_config.json", 2, [this] { return LoadAndEncode(); });
}

TEST_F(DamagedFilesTest, ChangedByteLevelFilesNeverCrash) {
  MakeVocabulary(VocabKind::kByteLevel);
  Fuzz("vocab.json", 3, [this] { return LoadAndEncode(); });
  Fuzz("merges.txt", 4, [this] { return LoadAndEncode(); });
}

TEST_F(DamagedFilesTest, ChangedTokenizerJsonNeverCrashes) {
  const std::string words = R"("model": {"type": "WordPiece", "unk_token": "[UNK]", "vocab": {
      "[UNK]": 0, "[SEP]": 1, "[CLS]": 2, "a": 3, "##b": 4, "film": 5}}})";
  const std::string pairs = R"("model": {"type": "BPE", "fuse_unk": true, "vocab": {
      "[SEP]": 0, "[CLS]": 1, "a": 2, "b": 3, "ab": 4, "\u0120a": 5, "\u0120": 6},
      "merges": ["a b", ["\u0120", "a"]]}})";
  const std::string steps = R"({"version": "1.0", "added_tokens": [{"id": 1, "content": "[SEP]",
      "single_word": false, "lstrip": true, "rstrip": false, "normalized": false}],
      "normalizer": {"type": "Sequence", "normalizers": [{"type": "NFKC"}, {"type": "Lowercase"},
      {"type": "Replace", "pattern": {"String": "Q"}, "content": "A"}]}, "pre_tokenizer": )";
  const std::string processor =
      R"(, "post_processor": {"type": "TemplateProcessing", "single": [
      {"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
      "pair": [], "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]}}}, )";
  Put("tokenizer.json", steps + R"({"type": "BertPreTokenizer"})" + processor + words);
  Fuzz("tokenizer.json", 5, [this] { return LoadAndEncode(); });
  std::string byte_level =
      steps + R"({"type": "ByteLevel", "add_prefix_space": true})" + processor + pairs;
  byte_level.replace(byte_level.find("\"id\": 1"), 7, "\"id\": 0");
  byte_level.replace(byte_level.find("\"ids\": [2]"), 10, "\"ids\": [1]");
  Put("tokenizer.json", byte_level);
  Fuzz("tokenizer.json", 6, [this] { return LoadAndEncode(); });
}

TEST_F(DamagedFilesTest, ChangedConfigsNeverCrash) {
  for (const char* config :
       {R"({"model_type": "distilbert", "dim": 8, "n_layers": 1, "n_heads": 2, "hidden_dim": 16,
          "vocab_size": 100, "id2label": {"0": "neg", "1": "pos"}, "activation": "gelu"})",
        R"({"model_type": "roberta", "hidden_size": 8, "num_attention_heads": 2,
          "num_hidden_layers": 1, "intermediate_size": 16, "num_labels": 3, "layer_norm_eps": 1e-5,
          "vocab_size": 100, "pad_token_id": 1, "classifier_dropout": null})"}) {
    Put("config.json", config);
    Fuzz("config.json", 7, [this] {
      const auto read = ReadModelConfig(dir());
      EXPECT_TRUE(!read.ok() || nlohmann::json::accept(ModelConfigJson(*read)));
      return read.status();
    });
  }
}

// Past the checksums too: what a stranger may write.
TEST_F(DamagedFilesTest, ChangedShardsNeverCrash) {
  Examples examples;
  for (uint32_t i = 0; i < 6; ++i) examples.Add(std::vector<uint32_t>(i + 1, i), int32_t(i % 2));
  const fs::path file = dir() / "a.xpshard";
  ASSERT_TRUE(WriteShard(file, examples, 100).ok());
  const auto crc = [](const std::string& bytes, size_t at, size_t size) {
    at = std::min(at, bytes.size());
    size = std::min(size, bytes.size() - at);
    return uint32_t(crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()) + at, size));
  };
  Fuzz("a.xpshard", 8, [&] {
    for (const bool mended : {false, true}) {
      std::string bytes = Get("a.xpshard");
      if (mended && bytes.size() >= 64) {
        uint64_t count = 0, ids = 0;
        uint32_t width = 0;
        std::memcpy(&width, bytes.data() + 12, 4);
        std::memcpy(&count, bytes.data() + 16, 8);
        std::memcpy(&ids, bytes.data() + 24, 8);
        const size_t part = size_t(std::min<uint64_t>(count, 1000) * 4);
        const uint32_t sums[] = {
            crc(bytes, 64, part), crc(bytes, 64 + part, part),
            crc(bytes, 64 + 2 * part, size_t(std::min<uint64_t>(ids, 1000)) * width)};
        std::memcpy(bytes.data() + 36, sums, sizeof sums);
        const uint32_t sum = crc(bytes, 0, 60);
        std::memcpy(bytes.data() + 60, &sum, 4);
        Put("a.xpshard", bytes);
      }
      const auto read = ReadShard(file);
      if (!read.ok()) {
        EXPECT_NE(read.status().message().find("a.xpshard: "), std::string::npos);
        continue;
      }
      EXPECT_EQ(read->starts.back(), read->ids.size());
      EXPECT_EQ(read->labels.size(), read->size());
    }
    return absl::OkStatus();
  });
}

TEST_F(DamagedFilesTest, ChangedLinesNeverCrash) {
  Put("ids.jsonl", R"({"input_ids": [2, 7, 3], "attention_mask": [1, 1, 0], "label": 1}
{"input_ids": [2, 3], "token_type_ids": [0, 1], "label": 0}
)");
  Fuzz("ids.jsonl", 9,
       [this] { return ReadIdsLines(dir() / "ids.jsonl", Labels::kRequired).status(); });
  Put("a.jsonl", "{\"text\": \"a \\u00e9\", \"label\": 1}\n{\"text\": \"b\", \"label\": \"x\"}\n");
  Put("a.csv", "label,text\npos,\"a \"\"b\"\" c\"\nneg,d\n");
  Put("a.tsv", "label\ttext\npos\ta b\n");
  unsigned seed = 10;
  for (const char* name : {"a.jsonl", "a.csv", "a.tsv"}) {
    Fuzz(name, seed++, [&] {
      return ReadDocuments(dir() / name, {}, [](Document) { return absl::OkStatus(); });
    });
  }
}

}  // namespace
}  // namespace xp::trainer
