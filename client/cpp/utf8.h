// UTF-8: whether bytes are it, and how wide its characters are on a terminal. Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace xp::client {

// The code point that begins at `text[*at]`, moving `*at` behind it. Bytes that are no UTF-8 (also
// overlong forms, surrogates, beyond U+10FFFF) give kBadByte, one at a time.
inline constexpr uint32_t kBadByte = 0xFFFFFFFF;
uint32_t NextCodePoint(std::string_view text, size_t* at);

bool IsUtf8(std::string_view text);

// The same text with U+FFFD for each byte that is no UTF-8.
std::string ToValidUtf8(std::string_view text);

}  // namespace xp::client
