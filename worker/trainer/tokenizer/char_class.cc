#include "worker/trainer/tokenizer/char_class.h"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/utf16.h>

#include "worker/trainer/tokenizer/later_characters.h"

namespace xp::trainer {
namespace {

constexpr uint32_t kPunctuationMask = U_GC_P_MASK;
constexpr uint32_t kControlMask = U_GC_CC_MASK | U_GC_CF_MASK | U_GC_CO_MASK;

// Whether a character came with this version of Unicode or before: each table of the reference is
// of an age of its own, and a later character has no category in it.
bool IsAsOldAs(char32_t c, int version) {
  UVersionInfo age;
  u_charAge(UChar32(c), age);
  return age[0] != 0 && age[0] <= version;
}

// The versions of the crates' tables, found by comparing all code points with tokenizers 0.23.2.
constexpr int kCategoryVersion = 8;       // unicode_categories 0.1.1: P*, Cc, Cf, Co, Mn
constexpr int kNormalizationVersion = 9;  // unicode-normalization-alignments 0.1.12: also M*
constexpr int kRegexVersion = 16;         // Oniguruma, the regex crate

uint32_t CategoryMask(char32_t c) { return U_GET_GC_MASK(UChar32(c)); }

const UNormalizer2* Nfd() {
  UErrorCode error = U_ZERO_ERROR;
  return unorm2_getNFDInstance(&error);  // ICU's own singleton; its data is built in
}

}  // namespace

bool IsWhitespace(char32_t c) {
  if (c < 0x80) return c == ' ' || (c >= '\t' && c <= '\r');
  return u_isUWhiteSpace(UChar32(c));
}

bool IsLetter(char32_t c) {
  if ((CategoryMask(c) & U_GC_L_MASK) != 0) return IsAsOldAs(c, kRegexVersion);
  return IsLaterLetter(c);
}

bool IsNumber(char32_t c) {
  if ((CategoryMask(c) & U_GC_N_MASK) != 0) return IsAsOldAs(c, kRegexVersion);
  return IsLaterNumber(c);
}

bool IsWordChar(char32_t c) {
  const bool known = u_hasBinaryProperty(UChar32(c), UCHAR_ALPHABETIC) ||
                     u_hasBinaryProperty(UChar32(c), UCHAR_JOIN_CONTROL) ||
                     (CategoryMask(c) & (U_GC_M_MASK | U_GC_ND_MASK | U_GC_PC_MASK)) != 0;
  if (known) return IsAsOldAs(c, kRegexVersion);
  return IsLaterLetter(c) || IsLaterNumber(c) || IsLaterMark(c);
}

bool IsBertControl(char32_t c) {
  if (c == '\t' || c == '\n' || c == '\r') return false;
  if (c < 0x80) return c < 0x20 || c == 0x7F;
  return (CategoryMask(c) & kControlMask) != 0 && IsAsOldAs(c, kCategoryVersion);
}

bool IsBertPunctuation(char32_t c) {
  if (c < 0x80) {
    return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') ||
           (c >= '{' && c <= '~');
  }
  if (c == 0x166D || c == 0x111C9) return true;  // punctuation in Unicode 8, no longer in 15
  return (CategoryMask(c) & kPunctuationMask) != 0 && IsAsOldAs(c, kCategoryVersion);
}

bool IsBertChinese(char32_t c) {
  return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) ||
         (c >= 0x20000 && c <= 0x2A6DF) || (c >= 0x2A700 && c <= 0x2B73F) ||
         (c >= 0x2B740 && c <= 0x2B81F) || (c >= 0x2B920 && c <= 0x2CEAF) ||
         (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x2F800 && c <= 0x2FA1F);
}

bool IsNonspacingMark(char32_t c) {
  if (c < 0x300) return false;
  if (c == 0x1734) return true;  // Mn in Unicode 8, Mc in 15
  if (c == 0x1885 || c == 0x1886 || c == 0xA9BD || c == 0x111C9) return false;  // not Mn in 8
  return (CategoryMask(c) & U_GC_MN_MASK) != 0 && IsAsOldAs(c, kCategoryVersion);
}

bool IsCombiningMark(char32_t c) {
  if (c < 0x300) return false;
  if (c == 0x1CF2 || c == 0x1CF3) return true;  // Mc in Unicode 9, Lo in 15
  if (c == 0x111C9) return false;               // Po in Unicode 9, Mn in 15
  return (CategoryMask(c) & U_GC_M_MASK) != 0 && IsAsOldAs(c, kNormalizationVersion);
}

bool HasNormalization(char32_t c) { return c < 0x300 || IsAsOldAs(c, kNormalizationVersion); }

int ToLower(char32_t c, char32_t out[2]) {
  if (c < 0x80) {
    out[0] = c >= 'A' && c <= 'Z' ? c + 32 : c;
    return 1;
  }
  if (c == 0x130) {  // the one unconditional entry of SpecialCasing.txt that grows
    out[0] = 'i';
    out[1] = 0x307;
    return 2;
  }
  out[0] = char32_t(u_tolower(UChar32(c)));
  if (out[0] == c) out[0] = LaterToLower(c);
  return 1;
}

int DecomposeCanonical(char32_t c, char32_t out[4]) {
  out[0] = c;
  if (c < 0xC0 || !HasNormalization(c)) return 1;
  UChar utf16[8];
  UErrorCode error = U_ZERO_ERROR;
  const int32_t length = unorm2_getDecomposition(Nfd(), UChar32(c), utf16, 8, &error);
  if (length < 0 || U_FAILURE(error)) return 1;
  int count = 0;
  for (int32_t i = 0; i < length && count < 4;) {
    UChar32 piece;
    U16_NEXT(utf16, i, length, piece);
    out[count++] = char32_t(piece);
  }
  return count;
}

uint8_t CombiningClass(char32_t c) {
  if (c < 0x300) return 0;
  const uint8_t combining_class = u_getCombiningClass(UChar32(c));
  return combining_class == 0 || HasNormalization(c) ? combining_class : 0;
}

}  // namespace xp::trainer
