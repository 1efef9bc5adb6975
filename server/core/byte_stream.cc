#include "server/core/byte_stream.h"

#include <array>

namespace xp::core {
namespace {

constexpr size_t kChecksumBytes = 4;

// Table k takes a byte that has k more behind it: eight bytes are one step ("slicing by 8").
using CrcTables = std::array<std::array<uint32_t, 256>, 8>;
constexpr CrcTables MakeCrcTables() {
  CrcTables tables{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78u : 0u);
    tables[0][i] = crc;
  }
  for (size_t k = 1; k < tables.size(); ++k) {
    for (uint32_t i = 0; i < 256; ++i) {
      const uint32_t before = tables[k - 1][i];
      tables[k][i] = (before >> 8) ^ tables[0][before & 0xff];
    }
  }
  return tables;
}
constexpr CrcTables kCrcTables = MakeCrcTables();

}  // namespace

void ByteWriter::Fixed64(uint64_t value) {
  char bytes[8];
  for (int i = 0; i < 8; ++i) bytes[i] = static_cast<char>(value >> (8 * i));
  bytes_.append(bytes, sizeof bytes);
}

void ByteWriter::Varint(uint64_t value) {
  char bytes[10];
  size_t count = 0;
  for (; value >= 0x80; value >>= 7) bytes[count++] = static_cast<char>(value | 0x80);
  bytes[count++] = static_cast<char>(value);
  bytes_.append(bytes, count);
}

void ByteWriter::Checksum() {
  const uint32_t crc = Crc32c(bytes_);
  for (int shift = 0; shift < 32; shift += 8) Byte(static_cast<uint8_t>(crc >> shift));
}

uint8_t ByteReader::Fail() {
  at_ = end_;
  ok_ = false;
  return 0;
}

uint64_t ByteReader::LongVarint() {
  uint64_t value = 0;
  for (int shift = 0; shift < 64 && at_ != end_; shift += 7) {
    const auto byte = static_cast<uint8_t>(*at_++);
    if (shift == 63 && byte > 1) break;  // more than 64 bits
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return value;
  }
  return Fail();
}

std::string_view ByteReader::Bytes(size_t count) {
  if (count > static_cast<size_t>(end_ - at_)) {
    Fail();
    return {};
  }
  const std::string_view bytes(at_, count);
  at_ += count;
  return bytes;
}

uint32_t Crc32c(std::string_view bytes) {
  uint32_t crc = 0xffffffffu;
  const auto byte_at = [&bytes](size_t i) { return static_cast<uint8_t>(bytes[i]); };
  size_t i = 0;
  for (; i + 8 <= bytes.size(); i += 8) {
    crc = kCrcTables[7][(crc ^ byte_at(i)) & 0xff] ^
          kCrcTables[6][((crc >> 8) ^ byte_at(i + 1)) & 0xff] ^
          kCrcTables[5][((crc >> 16) ^ byte_at(i + 2)) & 0xff] ^
          kCrcTables[4][((crc >> 24) ^ byte_at(i + 3)) & 0xff] ^ kCrcTables[3][byte_at(i + 4)] ^
          kCrcTables[2][byte_at(i + 5)] ^ kCrcTables[1][byte_at(i + 6)] ^
          kCrcTables[0][byte_at(i + 7)];
  }
  for (; i < bytes.size(); ++i) crc = (crc >> 8) ^ kCrcTables[0][(crc ^ byte_at(i)) & 0xff];
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
