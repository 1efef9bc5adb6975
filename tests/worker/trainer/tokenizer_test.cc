// The tokenisers on small vocabularies: each case is one habit of Hugging Face's library.
#include "worker/trainer/tokenizer/tokenizer.h"

#include <gtest/gtest.h>

#include "worker/trainer/tokenizer/byte_level.h"
#include "worker/trainer/tokenizer/load_tokenizer.h"
#include "worker/trainer/tokenizer/utf8.h"

namespace xp::trainer {
namespace {

using Ids = std::vector<uint32_t>;

std::shared_ptr<const Tokenizer> SmallBert() {
  TokenizerParts parts;
  uint32_t id = 0;
  for (const char* token : {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "film", "##s",
                            "un", "##happy", ",", "!", "cafe", "中", "i", "a"}) {
    parts.vocabulary.Set(token, id++);
  }
  for (const char* special : {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}) {
    parts.added_tokens.push_back(
        {special, parts.vocabulary.Find(special), false, false, false, false, true});
  }
  parts.wordpiece.emplace();
  parts.normalizer.emplace_back();
  parts.splitters.push_back(Splitter::kBert);
  parts.prefix_ids = {2};
  parts.suffix_ids = {3};
  return *Tokenizer::Create(std::move(parts));
}

Ids Encode(const std::shared_ptr<const Tokenizer>& tokenizer, std::string_view text,
           size_t max_length = 0) {
  Ids ids;
  Encoder(tokenizer).Encode(text, {max_length}, ids);
  return ids;
}

std::vector<std::string> ByteLevelWords(std::string_view text) {
  std::vector<std::string> words;
  for (size_t at = 0; at < text.size();) {
    const size_t end = NextByteLevelWord(text, at);
    words.emplace_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

TEST(TokenizerTest, WordsAreCutIntoTheLongestPieces) {
  EXPECT_EQ(Encode(SmallBert(), "The films, unhappy!"), (Ids{2, 5, 6, 7, 10, 8, 9, 11, 3}));
}

TEST(TokenizerTest, AWordWithAnUnknownPartIsOneUnknown) {
  EXPECT_EQ(Encode(SmallBert(), "filmx the"), (Ids{2, 1, 5, 3}));
}

TEST(TokenizerTest, AccentsGoAndChineseStandsAlone) {
  EXPECT_EQ(Encode(SmallBert(), "CAF\u00C9 cafe\u0301 the\u4E2Dfilm"),
            (Ids{2, 12, 12, 5, 13, 6, 3}));
}

TEST(TokenizerTest, ControlsVanishAndUnicodeBlanksSplit) {
  EXPECT_EQ(Encode(SmallBert(), std::string_view("fi\0lm\u3000the\u200Bfilm", 16)),
            Encode(SmallBert(), "film thefilm"));
}

TEST(TokenizerTest, SpecialTokensInTheTextAreTheirIds) {
  EXPECT_EQ(Encode(SmallBert(), "the[SEP]film [MASK]"), (Ids{2, 5, 3, 6, 4, 3}));
  EXPECT_EQ(Encode(SmallBert(), "[sep]"), (Ids{2, 1, 1, 1, 3}));
}

TEST(TokenizerTest, TruncationKeepsTheSpecialTokens) {
  EXPECT_EQ(Encode(SmallBert(), "the film the film", 4), (Ids{2, 5, 6, 3}));
  EXPECT_EQ(Encode(SmallBert(), "", 4), (Ids{2, 3}));
}

TEST(TokenizerTest, BytesThatAreNotUtf8AreReplacedAndSaid) {
  Ids ids;
  const EncodeResult result = Encoder(SmallBert()).Encode("the\xFF film", {}, ids);
  EXPECT_TRUE(result.replaced_invalid_utf8);
  EXPECT_EQ(ids, (Ids{2, 5, 6, 3}));  // BERT drops U+FFFD
}

TEST(Utf8Test, EachMaximalIllFormedPartIsOneReplacement) {
  // The examples of Unicode's table 3-8, as Python's errors="replace" gives them.
  EXPECT_EQ(ReplaceInvalidUtf8("\xF1\x80\x80\xE1\x80\xC2"
                               "b\x80"
                               "c\x80\xBF"
                               "d"),
            "\uFFFD\uFFFD\uFFFD"
            "b\uFFFD"
            "c\uFFFD\uFFFD"
            "d");
  EXPECT_EQ(ReplaceInvalidUtf8("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD");  // a surrogate
  EXPECT_TRUE(IsValidUtf8("\xF4\x8F\xBF\xBF"));
  EXPECT_FALSE(IsValidUtf8("\xC0\x80"));
}

TEST(ByteLevelTest, WordsAreThoseOfGpt2sExpression) {
  using Words = std::vector<std::string>;
  EXPECT_EQ(ByteLevelWords("I'll  go, 42x"), (Words{"I", "'ll", " ", " go", ",", " 42", "x"}));
  EXPECT_EQ(ByteLevelWords("a \n b  "), (Words{"a", " \n", " b", "  "}));
  EXPECT_EQ(ByteLevelWords("it's 'S"), (Words{"it", "'s", " '", "S"}));
  EXPECT_EQ(ByteLevelWords("\u00A0x"), (Words{"\u00A0", "x"}));
}

TEST(ByteLevelTest, EveryByteHasItsCharacterAndBack) {
  for (int byte = 0; byte < 256; ++byte) {
    EXPECT_EQ(CharToByte(ByteToChar(uint8_t(byte))), uint8_t(byte));
  }
  EXPECT_EQ(TokenOfBytes(" a"), "\u0120a");
}

TEST(BpeTest, LongWordsMergeAsShortOnesDo) {
  Vocabulary vocabulary;
  for (const char* token : {"a", "b", "ab", "abab", "ba"})
    vocabulary.Set(token, uint32_t(vocabulary.size()));
  auto bpe = Bpe::Create(&vocabulary, {{"a", "b"}, {"ab", "ab"}, {"b", "a"}}, {});
  ASSERT_TRUE(bpe.ok());
  std::string word;
  for (int i = 0; i < 200; ++i) word += "ab";  // above the heap's threshold
  Ids ids;
  bpe->Encode(word, ids);
  EXPECT_EQ(ids, Ids(100, 3));
  ids.clear();
  bpe->Encode("baab", ids);
  EXPECT_EQ(ids, (Ids{4, 2}));
}

TEST(BpeTest, AMergeWithoutItsTokenIsNamed) {
  Vocabulary vocabulary;
  vocabulary.Set("a", 0);
  const auto bpe = Bpe::Create(&vocabulary, {{"a", "a"}}, {});
  EXPECT_NE(bpe.status().ToString().find("merge 1 ('a a')"), std::string::npos);
}

TEST(TokenizerTest, AFormFeedIsNoBlankBesideOtherCharacters) {
  EXPECT_EQ(Encode(SmallBert(), "caf\u00C9\fthe"), Encode(SmallBert(), "cafethe"));
  EXPECT_EQ(Encode(SmallBert(), "the\n\u4E2D\tfilm"), (Ids{2, 5, 13, 6, 3}));
}

}  // namespace
}  // namespace xp::trainer
