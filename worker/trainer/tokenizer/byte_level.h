// GPT-2's byte-level words: the regular expression
//   's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
// written out as a scanner, and the 256 characters that stand for bytes in vocab.json.
// Pure functions, any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace xp::trainer {

// The end of the word that begins at text[at] (at < text.size(), valid UTF-8).
size_t NextByteLevelWord(std::string_view text, size_t at);

// The character that stands for a byte: itself where it is printable Latin-1, else U+0100 onwards.
char32_t ByteToChar(uint8_t byte);
std::optional<uint8_t> CharToByte(char32_t c);

// A token as vocab.json writes it, to its bytes; nullopt when a character stands for no byte.
std::optional<std::string> BytesOfToken(std::string_view token);
std::string TokenOfBytes(std::string_view bytes);

}  // namespace xp::trainer
