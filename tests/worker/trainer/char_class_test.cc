// Every code point, asked all that a tokenizer asks of one. The digests are of Hugging Face
// tokenizers 0.23.2's answers (its Node binding, one call a character; `tokenizer_oracle_test.py`
// compares whole texts with it). A digest is the CRC-32 of the lines "HEX ANSWER\n" of the code
// points whose answer is not the usual one.
#include "worker/trainer/tokenizer/char_class.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdio>
#include <string>

namespace xp::trainer {
namespace {

struct Digest {
  uint32_t crc = 0;
  int count = 0;

  void Add(char32_t c, const std::string& answer) {
    char line[96];
    const int size = std::snprintf(line, sizeof line, "%x %s\n", unsigned(c), answer.c_str());
    crc = uint32_t(crc32(crc, reinterpret_cast<const Bytef*>(line), uInt(size)));
    ++count;
  }
};

template <typename OnChar>
void ForEachChar(OnChar on_char) {
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    if (c < 0xD800 || c > 0xDFFF) on_char(c);
  }
}

Digest DigestOf(bool (*is)(char32_t)) {
  Digest digest;
  ForEachChar([&](char32_t c) {
    if (is(c)) digest.Add(c, "1");
  });
  return digest;
}

std::string Hex(const char32_t* chars, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    char hex[16];
    std::snprintf(hex, sizeof hex, i == 0 ? "%x" : " %x", unsigned(chars[i]));
    text += hex;
  }
  return text;
}

void ExpectDigest(const Digest& found, int count, uint32_t crc) {
  EXPECT_EQ(found.count, count);
  EXPECT_EQ(found.crc, crc) << "0x" << std::hex << found.crc;
}

TEST(CharClassTest, ControlsAreThoseOfUnicode8) {
  ExpectDigest(DigestOf(IsBertControl), 137680, 0x938cf541);
}

TEST(CharClassTest, PunctuationIsThatOfUnicode8) {
  ExpectDigest(DigestOf(IsBertPunctuation), 726, 0x44b31764);
}

TEST(CharClassTest, WhitespaceIsRusts) { ExpectDigest(DigestOf(IsWhitespace), 25, 0x70cf3c6d); }

TEST(CharClassTest, LettersAreThoseOfUnicode16) {
  ExpectDigest(DigestOf(IsLetter), 141028, 0x26d8e150);
}

TEST(CharClassTest, NumbersAreThoseOfUnicode16) {
  ExpectDigest(DigestOf(IsNumber), 1911, 0xdb0c786e);
}

TEST(CharClassTest, WordCharactersAreThoseOfUnicode16) {
  ExpectDigest(DigestOf(IsWordChar), 144667, 0x657575ce);
}

TEST(CharClassTest, ChineseIsWhatBertSays) {
  ExpectDigest(DigestOf(IsBertChinese), 81264, 0x36614d7e);
}

TEST(CharClassTest, NonspacingMarksAreThoseOfUnicode8) {
  ExpectDigest(DigestOf(IsNonspacingMark), 1567, 0xfd382948);
}

TEST(CharClassTest, CombiningMarksAreThoseOfUnicode9) {
  ExpectDigest(DigestOf(IsCombiningMark), 2097, 0xb2fcb0af);
}

TEST(CharClassTest, LowerCaseIsThatOfUnicode17) {
  Digest digest;
  ForEachChar([&](char32_t c) {
    char32_t lower[2];
    const int count = ToLower(c, lower);
    if (count != 1 || lower[0] != c) digest.Add(c, Hex(lower, count));
  });
  ExpectDigest(digest, 1488, 0x31e39de1);
}

TEST(CharClassTest, DecompositionIsThatOfUnicode9) {
  Digest digest;
  ForEachChar([&](char32_t c) {
    char32_t pieces[4];
    const int count = DecomposeCanonical(c, pieces);
    if (count != 1 || pieces[0] != c) digest.Add(c, Hex(pieces, count));
  });
  ExpectDigest(digest, 13232, 0x9a00420a);
}

// Found out through the order in which marks come out of its NFD.
TEST(CharClassTest, CombiningClassesAreThoseOfUnicode9) {
  Digest digest;
  ForEachChar([&](char32_t c) {
    char32_t pieces[4];
    if (DecomposeCanonical(c, pieces) != 1 || pieces[0] != c) return;
    if (CombiningClass(c) != 0) digest.Add(c, std::to_string(CombiningClass(c)));
  });
  ExpectDigest(digest, 810, 0x0c92c326);
}

}  // namespace
}  // namespace xp::trainer
