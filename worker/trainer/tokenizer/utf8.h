// UTF-8 in and out, without locale. "Valid" is what Rust's str holds: no overlong forms, no
// surrogates, nothing beyond U+10FFFF. Pure functions, any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace xp::trainer {

inline constexpr char32_t kReplacementCharacter = 0xFFFD;

struct DecodedChar {
  char32_t code_point = 0;
  size_t bytes = 0;  // 1..4
};

// The character that begins at text[at]; text must be valid from there on (see IsValidUtf8).
DecodedChar DecodeValidUtf8(std::string_view text, size_t at);

void AppendUtf8(char32_t code_point, std::string& out);

// The length of the longest valid prefix: text.size() when all of it is valid.
size_t ValidUtf8Prefix(std::string_view text);
inline bool IsValidUtf8(std::string_view text) { return ValidUtf8Prefix(text) == text.size(); }

// Each maximal ill-formed subpart becomes one U+FFFD, as in Python's errors="replace" and Rust's
// from_utf8_lossy (Unicode 15, section 3.9, "Substitution of Maximal Subparts").
std::string ReplaceInvalidUtf8(std::string_view text);

}  // namespace xp::trainer
