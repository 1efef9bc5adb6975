#include "proto/escaped.h"

namespace xp {
namespace {

constexpr char kHex[] = "0123456789abcdef";

// How many bytes of `text` at `at` are one control character; 0: it is none.
size_t ControlSize(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0;
  };
  if (byte(0) < 0x20 || byte(0) == 0x7F) return 1;
  if (byte(0) == 0xC2 && byte(1) >= 0x80 && byte(1) <= 0x9F) return 2;  // C1: U+0080 to U+009F
  if (byte(0) != 0xE2) return 0;
  const bool bidi = (byte(1) == 0x80 && byte(2) >= 0xAA && byte(2) <= 0xAE) ||  // U+202A to U+202E
                    (byte(1) == 0x81 && byte(2) >= 0xA6 && byte(2) <= 0xA9);    // U+2066 to U+2069
  return bidi ? 3 : 0;
}

void AppendEscaped(std::string_view control, std::string* out) {
  if (control == "\n" || control == "\t" || control == "\r") {
    *out += control == "\n" ? "\\n" : control == "\t" ? "\\t" : "\\r";
    return;
  }
  for (const char c : control) {
    const auto byte = static_cast<unsigned char>(c);
    *out += "\\x";
    *out += kHex[byte >> 4];
    *out += kHex[byte & 15];
  }
}

}  // namespace

std::string Escaped(std::string_view text, LineBreaks line_breaks) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const size_t size = ControlSize(text, at);
    if (size == 0 || (text[at] == '\n' && line_breaks == LineBreaks::kKeep)) {
      out += text[at++];
    } else {
      AppendEscaped(text.substr(at, size), &out);
      at += size;
    }
  }
  return out;
}

}  // namespace xp
