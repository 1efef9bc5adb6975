#include "client/cpp/utf8.h"

namespace xp::client {

uint32_t NextCodePoint(std::string_view text, size_t* at) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const size_t begin = (*at)++;
  const unsigned char first = byte(begin);
  if (first < 0x80) return first;
  size_t more = 0;
  uint32_t smallest = 0;
  uint32_t code = 0;
  if (first >= 0xC2 && first <= 0xDF) {
    more = 1, smallest = 0x80, code = first & 0x1F;
  } else if (first >= 0xE0 && first <= 0xEF) {
    more = 2, smallest = 0x800, code = first & 0x0F;
  } else if (first >= 0xF0 && first <= 0xF4) {
    more = 3, smallest = 0x10000, code = first & 0x07;
  } else {
    return kBadByte;
  }
  if (begin + more >= text.size()) return kBadByte;
  for (size_t i = 1; i <= more; ++i) {
    if ((byte(begin + i) & 0xC0) != 0x80) return kBadByte;
    code = (code << 6) | (byte(begin + i) & 0x3F);
  }
  if (code < smallest || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return kBadByte;
  *at = begin + 1 + more;
  return code;
}

bool IsUtf8(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    if (NextCodePoint(text, &at) == kBadByte) return false;
  }
  return true;
}

std::string ToValidUtf8(std::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const size_t begin = at;
    if (NextCodePoint(text, &at) == kBadByte) {
      valid += "\xEF\xBF\xBD";
    } else {
      valid += text.substr(begin, at - begin);
    }
  }
  return valid;
}

}  // namespace xp::client
