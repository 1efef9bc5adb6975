// What the Hugging Face tokenizers ask about a character, in the Unicode versions that they use:
// Rust's std for whitespace and case (17.0), Oniguruma and the regex crate for letters, numbers and
// words (16.0), the crates unicode_categories (8.0) and unicode-normalization-alignments
// (9.0) for the rest. ICU answers, asked for a character's age; what a crate has otherwise or ICU
// does not know yet is set apart. docs/trainer.md tells how this was compared.
// Pure functions, any thread.
#pragma once

#include <cstdint>

namespace xp::trainer {

bool IsWhitespace(char32_t c);       // White_Space, as Rust's char::is_whitespace and regex \s
bool IsLetter(char32_t c);           // \p{L}
bool IsNumber(char32_t c);           // \p{N}
bool IsWordChar(char32_t c);         // regex \w: alphabetic, mark, decimal, connector, join control
bool IsBertControl(char32_t c);      // Cc, Cf, Co of Unicode 8, but not tab, LF, CR
bool IsBertPunctuation(char32_t c);  // ASCII punctuation and symbols, P* of Unicode 8
bool IsBertChinese(char32_t c);      // the CJK blocks of BERT's original tokenizer
bool IsNonspacingMark(char32_t c);   // Mn of Unicode 8
bool IsCombiningMark(char32_t c);    // M* of Unicode 9, as the normaliser StripAccents asks
bool HasNormalization(char32_t c);   // as old as Unicode 9: a later one is left as it is

// Full lower case of one character, without context, as Rust's char::to_lowercase: at most two
// characters (only U+0130 gives two). Returns how many were written.
int ToLower(char32_t c, char32_t out[2]);

// Full canonical decomposition (NFD) of one character, in order: at most 4 characters of Unicode
// 15. Returns how many were written; 1 and the character itself when it has none.
int DecomposeCanonical(char32_t c, char32_t out[4]);
uint8_t CombiningClass(char32_t c);

}  // namespace xp::trainer
