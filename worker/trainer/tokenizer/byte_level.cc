#include "worker/trainer/tokenizer/byte_level.h"

#include <array>

#include "worker/trainer/tokenizer/char_class.h"
#include "worker/trainer/tokenizer/utf8.h"

namespace xp::trainer {
namespace {

enum class Kind : uint8_t { kSpace, kLetter, kNumber, kOther };

Kind KindOf(char32_t c) {
  if (IsWhitespace(c)) return Kind::kSpace;
  if (IsLetter(c)) return Kind::kLetter;
  if (IsNumber(c)) return Kind::kNumber;
  return Kind::kOther;
}

const std::array<Kind, 128>& AsciiKinds() {
  static const std::array<Kind, 128> kinds = [] {
    std::array<Kind, 128> all{};
    for (char32_t c = 0; c < 128; ++c) all[c] = KindOf(c);
    return all;
  }();
  return kinds;
}

struct Seen {
  Kind kind;
  size_t bytes;
};

Seen Look(std::string_view text, size_t at) {
  const auto byte = static_cast<unsigned char>(text[at]);
  if (byte < 0x80) return {AsciiKinds()[byte], 1};
  const DecodedChar c = DecodeValidUtf8(text, at);
  return {KindOf(c.code_point), c.bytes};
}

// 's 't 're 've 'm 'll 'd, in this case only; 0 when there is none.
size_t Contraction(std::string_view text, size_t at) {
  const std::string_view rest = text.substr(at + 1, 2);
  if (rest.empty()) return 0;
  if (rest[0] == 's' || rest[0] == 't' || rest[0] == 'm' || rest[0] == 'd') return 2;
  return rest == "re" || rest == "ve" || rest == "ll" ? 3 : 0;
}

size_t RunOf(std::string_view text, size_t at, Kind kind) {
  while (at < text.size()) {
    const Seen seen = Look(text, at);
    if (seen.kind != kind) break;
    at += seen.bytes;
  }
  return at;
}

// \s+(?!\S)|\s+ : all but the last blank when something follows, which then joins its word.
size_t SpaceRun(std::string_view text, size_t at) {
  size_t last = at;
  size_t end = at;
  while (end < text.size()) {
    const Seen seen = Look(text, end);
    if (seen.kind != Kind::kSpace) return last > at ? last : end;
    last = end;
    end += seen.bytes;
  }
  return end;
}

struct ByteTables {
  std::array<char32_t, 256> to_char{};
  std::array<int, 512> to_byte{};

  ByteTables() {
    to_byte.fill(-1);
    char32_t next = 256;
    for (int byte = 0; byte < 256; ++byte) {
      const bool printable = (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) ||
                             (byte >= 0xAE && byte <= 0xFF);
      to_char[byte] = printable ? char32_t(byte) : next++;
      to_byte[to_char[byte]] = byte;
    }
  }
};

const ByteTables& Tables() {
  static const ByteTables tables;
  return tables;
}

}  // namespace

size_t NextByteLevelWord(std::string_view text, size_t at) {
  if (text[at] == '\'') {
    if (const size_t size = Contraction(text, at); size > 0) return at + size;
  }
  Seen seen = Look(text, at);
  if (seen.kind == Kind::kSpace) {
    const size_t next = at + 1;
    if (text[at] != ' ' || next >= text.size()) return SpaceRun(text, at);
    seen = Look(text, next);
    if (seen.kind == Kind::kSpace) return SpaceRun(text, at);
    return RunOf(text, next + seen.bytes, seen.kind);
  }
  return RunOf(text, at + seen.bytes, seen.kind);
}

char32_t ByteToChar(uint8_t byte) { return Tables().to_char[byte]; }

std::optional<uint8_t> CharToByte(char32_t c) {
  if (c >= Tables().to_byte.size() || Tables().to_byte[c] < 0) return std::nullopt;
  return uint8_t(Tables().to_byte[c]);
}

std::optional<std::string> BytesOfToken(std::string_view token) {
  std::string bytes;
  for (size_t at = 0; at < token.size();) {
    const DecodedChar c = DecodeValidUtf8(token, at);
    const std::optional<uint8_t> byte = CharToByte(c.code_point);
    if (!byte) return std::nullopt;
    bytes.push_back(char(*byte));
    at += c.bytes;
  }
  return bytes;
}

std::string TokenOfBytes(std::string_view bytes) {
  std::string token;
  for (const char byte : bytes) AppendUtf8(ByteToChar(uint8_t(byte)), token);
  return token;
}

}  // namespace xp::trainer
