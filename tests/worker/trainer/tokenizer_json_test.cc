// What of tokenizer.json is refused, and where: never are ids guessed.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "worker/trainer/tokenizer/load_tokenizer.h"

namespace xp::trainer {
namespace {

using Ids = std::vector<uint32_t>;
using nlohmann::json;

json Bert() {
  return json::parse(R"({
    "version": "1.0",
    "added_tokens": [{"id": 1, "content": "[SEP]", "single_word": false, "lstrip": false,
                      "rstrip": false, "normalized": false, "special": true}],
    "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
                   "strip_accents": null, "lowercase": true},
    "pre_tokenizer": {"type": "BertPreTokenizer"},
    "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 1], "cls": ["[CLS]", 2]},
    "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
              "max_input_chars_per_word": 100,
              "vocab": {"[UNK]": 0, "[SEP]": 1, "[CLS]": 2, "a": 3, "##b": 4, "x": 5, "y": 6}}})");
}

json ByteLevelBpe() {
  json file = Bert();
  file["normalizer"] = nullptr;
  file["pre_tokenizer"] = {{"type", "ByteLevel"}, {"add_prefix_space", false}};
  file["model"] = {
      {"type", "BPE"},
      {"vocab", {{"[UNK]", 0}, {"[SEP]", 1}, {"[CLS]", 2}, {"a", 3}, {"b", 4}, {"ab", 5}}},
      {"merges", {"a b"}}};
  return file;
}

Ids Encode(const json& file, std::string_view text) {
  auto parts = ParseTokenizerJson(file.dump());
  EXPECT_TRUE(parts.ok()) << parts.status();
  if (!parts.ok()) return {};
  auto tokenizer = Tokenizer::Create(*std::move(parts));
  EXPECT_TRUE(tokenizer.ok()) << tokenizer.status();
  if (!tokenizer.ok()) return {};
  Ids ids;
  Encoder(*tokenizer).Encode(text, {}, ids);
  return ids;
}

// The patch is merged into the file (RFC 7396); the error must begin with the path.
void ExpectRefused(json file, const char* patch, const std::string& path) {
  file.merge_patch(json::parse(patch));
  const auto parts = ParseTokenizerJson(file.dump());
  ASSERT_FALSE(parts.ok()) << patch;
  EXPECT_EQ(std::string(parts.status().message()).find(path), 0u) << parts.status();
}

TEST(TokenizerJsonTest, WordPieceAndBpeAreRead) {
  EXPECT_EQ(Encode(Bert(), "\u00C1b [SEP] ab"), (Ids{2, 3, 4, 1, 3, 4, 1}));
  EXPECT_EQ(Encode(ByteLevelBpe(), "abab"), (Ids{2, 5, 5, 1}));
}

TEST(TokenizerJsonTest, MergesMayBePairs) {
  json file = ByteLevelBpe();
  file["model"]["merges"] = json::parse(R"([["a", "b"]])");
  EXPECT_EQ(Encode(file, "aab"), Encode(ByteLevelBpe(), "aab"));
}

TEST(TokenizerJsonTest, ProcessorsInSequenceWrapEachOther) {
  json file = Bert();
  const json first = file["post_processor"];
  const json second = {{"type", "RobertaProcessing"}, {"sep", {"y", 6}}, {"cls", {"x", 5}}};
  file["post_processor"] = {{"type", "Sequence"}, {"processors", {first, second}}};
  EXPECT_EQ(Encode(file, "a"), (Ids{5, 2, 3, 1, 6}));
}

TEST(TokenizerJsonTest, NormalizersRunInOrder) {
  json file = Bert();
  file["normalizer"] = json::parse(R"({"type": "Sequence", "normalizers": [
      {"type": "Replace", "pattern": {"String": "Q"}, "content": "A"}, {"type": "Lowercase"},
      {"type": "NFD"}, {"type": "StripAccents"}, {"type": "Prepend", "prepend": "x "}]})");
  EXPECT_EQ(Encode(file, "Q\u0301b"), (Ids{2, 5, 3, 4, 1}));
}

TEST(TokenizerJsonTest, UnknownBytesAreUnknownOneByOneOrFused) {
  json file = ByteLevelBpe();
  EXPECT_EQ(Encode(file, "aZZb"), (Ids{2, 5, 1}));  // no unknown token: left out, then merged
  file["model"]["unk_token"] = "[UNK]";
  EXPECT_EQ(Encode(file, "aZZb"), (Ids{2, 3, 0, 0, 4, 1}));
  file["model"]["fuse_unk"] = true;
  EXPECT_EQ(Encode(file, "aZZb"), (Ids{2, 3, 0, 4, 1}));
}

TEST(TokenizerJsonTest, WhatItDoesNotKnowIsNamedWithItsPath) {
  ExpectRefused(Bert(), R"({"version": "2.0"})", "version: ");
  ExpectRefused(Bert(), R"({"model": {"type": "Unigram"}})", "model.type: is \"Unigram\"");
  ExpectRefused(Bert(), R"({"model": {"vocab": {"a": -1}}})", "model.vocab.a: is -1");
  ExpectRefused(Bert(), R"({"model": {"vocab": {"a": 1e9}}})", "model.vocab.a: ");
  ExpectRefused(Bert(), R"({"normalizer": {"type": "Nmt"}})", "normalizer.type: is \"Nmt\"");
  ExpectRefused(Bert(), R"({"normalizer": {"lowercase": 1}})", "normalizer.lowercase: is 1");
  ExpectRefused(Bert(), R"({"normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"},
      {"type": "Replace", "pattern": {"Regex": "a"}, "content": ""}]}})",
                "normalizer.normalizers[1].pattern: ");
  ExpectRefused(Bert(), R"({"pre_tokenizer": {"type": "Metaspace"}})", "pre_tokenizer.type: ");
  ExpectRefused(Bert(), R"({"pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": true}})",
                "pre_tokenizer: ");
  ExpectRefused(Bert(), R"({"post_processor": {"sep": ["[SEP]"]}})", "post_processor.sep: ");
  ExpectRefused(Bert(), R"({"post_processor": {"type": "TemplateProcessing", "single":
      [{"Sequence": {"id": "B", "type_id": 0}}]}})",
                "post_processor.single[0].Sequence: ");
  ExpectRefused(Bert(), R"({"added_tokens": [{"id": 9, "content": "new"}]})",
                "added_tokens[0].id: is 9; accepted: 7");
  ExpectRefused(ByteLevelBpe(), R"({"model": {"merges": ["a b", "ab"]}})", "model.merges[1]: ");
  ExpectRefused(ByteLevelBpe(), R"({"model": {"dropout": 0.1}})", "model.dropout: is 0.1");
  ExpectRefused(ByteLevelBpe(), R"({"model": {"byte_fallback": true}})", "model.byte_fallback: ");
  ExpectRefused(ByteLevelBpe(), R"({"model": {"end_of_word_suffix": "</w>"}})",
                "model.end_of_word_suffix: ");
  ExpectRefused(ByteLevelBpe(), R"({"pre_tokenizer": {"type": "Whitespace"}})", "pre_tokenizer: ");
}

TEST(TokenizerJsonTest, ALoneSurrogateIsAnErrorWithItsPlace) {
  const auto parts = ParseTokenizerJson("{\n\"model\": \"\\ud800\"}");
  EXPECT_NE(parts.status().ToString().find("line 2"), std::string::npos) << parts.status();
}

TEST(TokenizerJsonTest, ANumberThatNoDoubleHoldsIsAnErrorWithItsPlace) {
  const auto parts = ParseTokenizerJson("{\n\"model\": 1e999}");
  EXPECT_NE(parts.status().ToString().find("line 2, column 10: a number too large: 1e999"),
            std::string::npos)
      << parts.status();
}

}  // namespace
}  // namespace xp::trainer
