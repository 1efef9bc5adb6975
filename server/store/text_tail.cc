#include "server/store/text_tail.h"

#include <algorithm>
#include <cstdint>

namespace xp::store {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// Bytes of the UTF-8 character at the front of `text`; 0: it is none (too long a form, a surrogate,
// beyond U+10FFFF, cut).
size_t CharacterLength(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t first = byte(0);
  if (first < 0x80) return 1;
  const size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  if (first == 0xE0 && byte(1) < 0xA0) return 0;
  if (first == 0xED && byte(1) > 0x9F) return 0;
  if (first == 0xF0 && byte(1) < 0x90) return 0;
  if (first == 0xF4 && byte(1) > 0x8F) return 0;
  return length;
}

// A line without what carriage returns overwrote. CR LF is an end of line, not an overwriting.
std::string_view Visible(std::string_view line) {
  while (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  const size_t cr = line.rfind('\r');
  return cr == line.npos ? line : line.substr(cr + 1);
}

}  // namespace

std::string ToUtf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const size_t length = bytes[0] == '\0' ? 0 : CharacterLength(bytes);
    text += length == 0 ? kReplacement : bytes.substr(0, length);
    bytes.remove_prefix(std::max<size_t>(length, 1));
  }
  return text;
}

size_t LastLinesBegin(std::string_view bytes, size_t max_lines) {
  size_t end = bytes.size();
  if (end > 0 && bytes[end - 1] == '\n') --end;
  for (size_t lines = 0; lines < max_lines; ++lines) {
    if (end == 0) return 0;
    const size_t lf = bytes.rfind('\n', end - 1);
    if (lf == bytes.npos) return 0;
    end = lf;
  }
  return end + 1;
}

std::string LastLines(std::string_view bytes, size_t max_lines, size_t max_bytes) {
  bytes.remove_prefix(LastLinesBegin(bytes, max_lines));
  std::string lines;
  while (!bytes.empty()) {
    const size_t lf = std::min(bytes.find('\n'), bytes.size());
    lines += Visible(bytes.substr(0, lf));
    lines += '\n';
    bytes.remove_prefix(std::min(lf + 1, bytes.size()));
  }
  if (lines.size() > max_bytes) lines.erase(0, lines.size() - max_bytes);
  return ToUtf8(lines);
}

}  // namespace xp::store
