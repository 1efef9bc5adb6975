// The two published vocabularies against ids that Hugging Face's tokenizers gave.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/worker/trainer/shared_data.h"
#include "worker/trainer/tokenizer/load_tokenizer.h"

namespace xp::trainer {
namespace {

using Ids = std::vector<uint32_t>;

void ExpectGolden(const std::string& folder, const std::string& key) {
  const std::filesystem::path data = SharedData() / "tokenizers";
  auto tokenizer = LoadTokenizer(data / folder);
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
  Encoder encoder(*tokenizer);
  std::ifstream in(data / "golden.jsonl");
  std::string line;
  int lines = 0;
  while (std::getline(in, line)) {
    ++lines;
    const auto object = nlohmann::json::parse(line);
    Ids ids;
    encoder.Encode(object["text"].get<std::string>(), {}, ids);
    EXPECT_EQ(ids, object[key].get<Ids>()) << "line " << lines << ": " << object["text"];
    Ids again;  // now out of the cache of words
    encoder.Encode(object["text"].get<std::string>(), {}, again);
    EXPECT_EQ(ids, again);
  }
  EXPECT_GT(lines, 0);
}

TEST(TokenizerGoldenTest, BertUncasedGivesTheIdsOfHuggingFace) {
  XP_NEEDS_SHARED_DATA();
  ExpectGolden("bert-base-uncased", "bert");
}

TEST(TokenizerGoldenTest, RobertaGivesTheIdsOfHuggingFace) {
  XP_NEEDS_SHARED_DATA();
  ExpectGolden("roberta-base", "roberta");
}

}  // namespace
}  // namespace xp::trainer
