#include "worker/capture/clean_text.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace xp::capture {
namespace {

constexpr char kEscape = '\x1b';
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

bool IsBetween(char c, unsigned char low, unsigned char high) {
  const auto byte = static_cast<unsigned char>(c);
  return low <= byte && byte <= high;
}

// One past the escape sequence that begins at `at` (ECMA-48 section 5.4 for the byte ranges).
size_t SkipEscape(std::string_view raw, size_t at) {
  ++at;
  if (at == raw.size()) return at;
  const char kind = raw[at];
  if (kind == '[') {
    ++at;
    while (at < raw.size() && IsBetween(raw[at], 0x20, 0x3F)) ++at;
    return at < raw.size() && IsBetween(raw[at], 0x40, 0x7E) ? at + 1 : at;
  }
  if (kind == ']' || kind == 'P' || kind == 'X' || kind == '^' || kind == '_') {
    for (++at; at < raw.size(); ++at) {
      if (raw[at] == '\a') return at + 1;
      if (raw[at] == kEscape && at + 1 < raw.size() && raw[at + 1] == '\\') return at + 2;
    }
    return at;
  }
  while (at < raw.size() && IsBetween(raw[at], 0x20, 0x2F)) ++at;
  return at < raw.size() && IsBetween(raw[at], 0x30, 0x7E) ? at + 1 : at;
}

// Bytes of the valid UTF-8 sequence at `at`, 0 if there is none (Unicode 15, table 3-7).
size_t SequenceLength(std::string_view text, size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  if (lead < 0x80) return 1;
  const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || at + length > text.size()) return 0;
  const unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (!IsBetween(text[at + 1], low, high)) return 0;
  for (size_t i = 2; i < length; ++i) {
    if (!IsBetween(text[at + i], 0x80, 0xBF)) return 0;
  }
  return length;
}

// Bytes at the beginning of `text` that are ASCII, eight at a time: most logs are nothing else.
size_t AsciiPrefix(std::string_view text) {
  size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    uint64_t word;
    std::memcpy(&word, text.data() + at, sizeof word);
    if ((word & 0x8080808080808080u) != 0) return at;
  }
  return at;
}

// A C0 or C1 control character (the latter are two bytes, C2 80 to C2 9F).
bool IsControl(std::string_view text, size_t at, size_t length) {
  if (length == 1) return IsBetween(text[at], 0x00, 0x1F) || text[at] == '\x7f';
  return length == 2 && text[at] == '\xC2' && IsBetween(text[at + 1], 0x80, 0x9F);
}

}  // namespace

std::string StripEscapes(std::string_view raw) {
  std::string text;
  text.reserve(raw.size());
  size_t at = 0;
  while (at < raw.size()) {
    const size_t escape = std::min(raw.find(kEscape, at), raw.size());
    text.append(raw.substr(at, escape - at));
    at = escape < raw.size() ? SkipEscape(raw, escape) : escape;
  }
  return text;
}

bool IsValidUtf8(std::string_view text) {
  size_t at = AsciiPrefix(text);
  while (at < text.size()) {
    const size_t length = SequenceLength(text, at);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

std::string ReplaceInvalidUtf8(std::string_view text) {
  std::string valid;
  valid.reserve(text.size() + 16);
  for (size_t at = 0; at < text.size();) {
    const size_t length = SequenceLength(text, at);
    valid.append(length == 0 ? kReplacement : text.substr(at, length));
    at += std::max<size_t>(length, 1);
  }
  return valid;
}

std::string_view CleanLine(std::string_view raw, std::string* buffer) {
  if (raw.find(kEscape) != std::string_view::npos) {
    *buffer = StripEscapes(raw);
    if (!IsValidUtf8(*buffer)) *buffer = ReplaceInvalidUtf8(*buffer);
    return *buffer;
  }
  if (IsValidUtf8(raw)) return raw;
  *buffer = ReplaceInvalidUtf8(raw);
  return *buffer;
}

std::string MakeSample(std::string_view text, size_t max_bytes) {
  std::string sample;
  for (size_t at = 0; at < text.size();) {
    const size_t length = SequenceLength(text, at);
    const bool show = length > 0 && (text[at] == '\t' || !IsControl(text, at, length));
    const std::string_view piece = show ? text.substr(at, length) : kReplacement;
    if (sample.size() + piece.size() > max_bytes) break;
    sample.append(piece);
    at += std::max<size_t>(length, 1);
  }
  return sample;
}

bool IsSeriesName(std::string_view name) {
  if (name.empty() || name.size() > limits::kMetricNameMaxLength) return false;
  for (size_t at = 0; at < name.size();) {
    const size_t length = SequenceLength(name, at);
    if (length == 0 || IsControl(name, at, length)) return false;
    at += length;
  }
  return true;
}

std::string ToLowerAscii(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if ('A' <= c && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::string_view TrimBlanks(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\n\v\f\r";
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

}  // namespace xp::capture
