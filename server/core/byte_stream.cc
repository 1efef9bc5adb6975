#include "server/core/byte_stream.h"

#include <array>

namespace xp::core {
namespace {

constexpr size_t kChecksumBytes = 4;

constexpr std::array<uint32_t, 256> MakeCrcTable() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78u : 0u);
    table[i] = crc;
  }
  return table;
}
constexpr std::array<uint32_t, 256> kCrcTable = MakeCrcTable();

}  // namespace

void ByteWriter::Fixed64(uint64_t value) {
  for (int shift = 0; shift < 64; shift += 8) Byte(static_cast<uint8_t>(value >> shift));
}

void ByteWriter::Varint(uint64_t value) {
  while (value >= 0x80) {
    Byte(static_cast<uint8_t>(value | 0x80));
    value >>= 7;
  }
  Byte(static_cast<uint8_t>(value));
}

void ByteWriter::Checksum() {
  const uint32_t crc = Crc32c(bytes_);
  for (int shift = 0; shift < 32; shift += 8) Byte(static_cast<uint8_t>(crc >> shift));
}

uint8_t ByteReader::Byte() {
  const std::string_view byte = Bytes(1);
  return byte.empty() ? 0 : static_cast<uint8_t>(byte[0]);
}

uint64_t ByteReader::Fixed64() {
  const std::string_view bytes = Bytes(8);
  uint64_t value = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    value |= static_cast<uint64_t>(static_cast<uint8_t>(bytes[i])) << (8 * i);
  }
  return value;
}

uint64_t ByteReader::Varint() {
  uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const uint8_t byte = Byte();
    if (!ok_) return 0;
    if (shift == 63 && byte > 1) break;  // more than 64 bits
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return value;
  }
  ok_ = false;
  return 0;
}

std::string_view ByteReader::Bytes(size_t count) {
  if (!ok_ || count > bytes_.size()) {
    ok_ = false;
    return {};
  }
  const std::string_view bytes = bytes_.substr(0, count);
  bytes_.remove_prefix(count);
  return bytes;
}

std::string_view ByteReader::Rest() { return Bytes(bytes_.size()); }

uint32_t Crc32c(std::string_view bytes) {
  uint32_t crc = 0xffffffffu;
  for (const char c : bytes) {
    crc = (crc >> 8) ^ kCrcTable[(crc ^ static_cast<uint8_t>(c)) & 0xff];
  }
  return crc ^ 0xffffffffu;
}

std::optional<std::string_view> CheckChecksum(std::string_view bytes) {
  if (bytes.size() < kChecksumBytes) return std::nullopt;
  const std::string_view body = bytes.substr(0, bytes.size() - kChecksumBytes);
  uint32_t kept = 0;
  for (size_t i = 0; i < kChecksumBytes; ++i) {
    kept |= static_cast<uint32_t>(static_cast<uint8_t>(bytes[body.size() + i])) << (8 * i);
  }
  if (kept != Crc32c(body)) return std::nullopt;
  return body;
}

}  // namespace xp::core
