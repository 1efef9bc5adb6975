// Folders without a tokenizer.json: what the files beside the vocabulary say of special tokens.
#include "worker/trainer/tokenizer/special_tokens.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/worker/trainer/temp_folder.h"
#include "worker/trainer/files.h"
#include "worker/trainer/tokenizer/load_tokenizer.h"
#include "worker/trainer/vocab/vocab_builder.h"

namespace xp::trainer {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class SpecialTokensTest : public testing::Test {
 protected:
  void MakeVocabulary(VocabKind kind) {
    VocabBuilder builder({kind, 320, 1, true});
    builder.Add("a good film, a bad film; the very good ones are not that long, are they?");
    ASSERT_TRUE(builder.Write(dir()).ok());
  }
  // What LoadTokenizer says with such a file in the folder, which then goes; empty: it is taken.
  std::string Said(const std::string& name, const std::string& content) {
    const absl::StatusOr<std::string> before = ReadFile(dir() / name);
    EXPECT_TRUE(WriteFile(dir() / name, content).ok());
    const absl::Status status = LoadTokenizer(dir()).status();
    EXPECT_TRUE(status.ok() || absl::IsInvalidArgument(status)) << status;
    if (before.ok()) {
      EXPECT_TRUE(WriteFile(dir() / name, *before).ok());
    } else {
      std::filesystem::remove(dir() / name);
    }
    return std::string(status.message());
  }
  const std::filesystem::path& dir() const { return folder_.path(); }

 private:
  const TempFolder folder_;
};

TEST_F(SpecialTokensTest, FilesThatSayTheUsualNamesAreTakenForWordPiece) {
  MakeVocabulary(VocabKind::kWordPiece);
  EXPECT_EQ(LoadTokenizer(dir()).status().message(), "");  // as `xptrain vocab` writes it
  EXPECT_EQ(Said("tokenizer_config.json", R"({"do_lower_case": true, "model_max_length": 512})"),
            "");
  const std::string map = R"({"cls_token": "[CLS]", "mask_token": "[MASK]", "pad_token": "[PAD]",
      "sep_token": "[SEP]", "unk_token": {"content": "[UNK]", "lstrip": false, "normalized": false,
      "rstrip": false, "single_word": false}})";
  EXPECT_EQ(Said("special_tokens_map.json", map), "");
  // As transformers 4.34 and later write it for the slow tokenizer.
  EXPECT_EQ(Said("tokenizer_config.json",
                 R"({"added_tokens_decoder": {"0": {"content": "[PAD]", "lstrip": false},
                     "2": {"content": "[CLS]", "special": true}}, "additional_special_tokens": [],
                     "bos_token": null, "cls_token": "[CLS]", "tokenizer_class": "BertTokenizer"})"),
            "");
  EXPECT_EQ(Said("special_tokens_map.json", R"({"bos_token": "[CLS]", "eos_token": "[SEP]"})"), "");
  EXPECT_EQ(Said("added_tokens.json", "{}"), "");
}

TEST_F(SpecialTokensTest, FilesThatSayTheUsualNamesAreTakenForByteLevel) {
  MakeVocabulary(VocabKind::kByteLevel);
  EXPECT_EQ(LoadTokenizer(dir()).status().message(), "");
  EXPECT_EQ(Said("tokenizer_config.json", R"({"model_max_length": 512})"), "");
  EXPECT_EQ(Said("special_tokens_map.json",
                 R"({"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>",
                     "sep_token": "</s>", "pad_token": "<pad>", "cls_token": "<s>", "mask_token":
                     {"content": "<mask>", "lstrip": true, "normalized": false, "rstrip": false,
                      "single_word": false}})"),
            "");
}

TEST_F(SpecialTokensTest, ATokenThatIsAddedIsRefusedWithAdvice) {
  MakeVocabulary(VocabKind::kWordPiece);
  EXPECT_THAT(Said("added_tokens.json", R"({"[SPOILER]": 320})"),
              AllOf(HasSubstr("added_tokens.json: '[SPOILER]' is 320; accepted without a "
                              "tokenizer.json: [PAD], [UNK], [CLS], [SEP], [MASK]."),
                    HasSubstr("that writes tokenizer.json")));
  EXPECT_THAT(Said("added_tokens.json", R"({"[PAD]": 320})"),
              HasSubstr("'[PAD]' is 320; accepted without a tokenizer.json: 0, its id"));
  EXPECT_THAT(Said("added_tokens.json", R"({"film": 30})"), HasSubstr("'film' is 30"));
  EXPECT_THAT(Said("added_tokens.json", "[]"), HasSubstr("an object of token to id"));
  EXPECT_THAT(Said("added_tokens.json", "{"), HasSubstr("added_tokens.json: line 1"));
  EXPECT_THAT(Said("tokenizer_config.json", R"({"additional_special_tokens": ["[X]"]})"),
              HasSubstr("tokenizer_config.json: additional_special_tokens.0 is \"[X]\""));
  EXPECT_THAT(
      Said("tokenizer_config.json", R"({"added_tokens_decoder": {"7": {"content": "[CLS]"}}})"),
      HasSubstr("[CLS] under 2, its id"));
}

TEST_F(SpecialTokensTest, AnotherTokenForARoleIsRefused) {
  MakeVocabulary(VocabKind::kWordPiece);
  EXPECT_THAT(Said("tokenizer_config.json", R"({"cls_token": "<s>"})"),
              HasSubstr("tokenizer_config.json: cls_token is \"<s>\"; accepted without a "
                        "tokenizer.json: [CLS]."));
  EXPECT_THAT(Said("special_tokens_map.json", R"({"pad_token": {"content": "[UNK]"}})"),
              HasSubstr("special_tokens_map.json: pad_token is {\"content\":\"[UNK]\"}; accepted"));
  for (const char* value : {"null", "7", "\"\"", "[\"[MASK]\"]", "{\"content\": 7}"}) {
    EXPECT_THAT(Said("special_tokens_map.json", std::string("{\"mask_token\": ") + value + "}"),
                HasSubstr("mask_token is "))
        << value;
  }
  EXPECT_THAT(Said("special_tokens_map.json", R"({"bos_token": "[BOS]"})"),
              HasSubstr("bos_token is \"[BOS]\""));
}

TEST_F(SpecialTokensTest, WhatATokenTakesAlongCountsToo) {
  MakeVocabulary(VocabKind::kByteLevel);
  EXPECT_THAT(
      Said("special_tokens_map.json", R"({"mask_token": {"content": "<mask>", "lstrip": false}})"),
      HasSubstr("mask_token.lstrip is false; accepted without a tokenizer.json: true"));
  EXPECT_THAT(
      Said("tokenizer_config.json", R"({"eos_token": {"content": "</s>", "rstrip": true}})"),
      HasSubstr("eos_token.rstrip is true"));
}

TEST_F(SpecialTokensTest, AFlagThatIsNotThereIsFalse) {
  MakeVocabulary(VocabKind::kByteLevel);
  EXPECT_THAT(Said("special_tokens_map.json", R"({"mask_token": {"content": "<mask>"}})"),
              HasSubstr("mask_token.lstrip is false; accepted without a tokenizer.json: true"));
  EXPECT_EQ(Said("special_tokens_map.json", R"({"bos_token": {"content": "<s>"}})"), "");
}

TEST_F(SpecialTokensTest, ATokenizerJsonSaysItAll) {
  ASSERT_TRUE(WriteFile(dir() / "tokenizer.json", R"({"model": {"type": "WordPiece", "vocab":
      {"<s>": 0, "[UNK]": 1}, "unk_token": "[UNK]"}, "pre_tokenizer": {"type": "BertPreTokenizer"}})")
                  .ok());
  EXPECT_EQ(Said("tokenizer_config.json", R"({"cls_token": "<s>"})"), "");
  EXPECT_EQ(Said("added_tokens.json", R"({"[X]": 7})"), "");
}

}  // namespace
}  // namespace xp::trainer
