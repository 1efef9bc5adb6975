// Writing and reading of packed bytes: little-endian fixed numbers, LEB128 varints, zigzag, and a
// CRC-32C at the end. The reader trusts nothing: past the end, or at a varint that does not fit, it
// turns bad and stays bad, and every read gives 0.
// Not thread safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace xp::core {

// Signed to unsigned so that small distances of either sign are short: 0, -1, 1, -2 → 0, 1, 2, 3.
constexpr uint64_t ZigZag(int64_t value) {
  return (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
}
constexpr int64_t UnZigZag(uint64_t value) {
  return static_cast<int64_t>((value >> 1) ^ (~(value & 1) + 1));
}

class ByteWriter {
 public:
  void Byte(uint8_t value) { bytes_.push_back(static_cast<char>(value)); }
  void Fixed64(uint64_t value);
  void Varint(uint64_t value);
  void Bytes(std::string_view bytes) { bytes_.append(bytes); }
  // The CRC-32C of everything so far, four bytes.
  void Checksum();

  size_t size() const { return bytes_.size(); }
  const std::string& bytes() const { return bytes_; }
  std::string Take() && { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// `bytes` must outlive the reader.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}

  uint8_t Byte();
  uint64_t Fixed64();
  uint64_t Varint();
  std::string_view Bytes(size_t count);
  std::string_view Rest();

  // False once a read failed.
  bool ok() const { return ok_; }
  bool at_end() const { return bytes_.empty(); }

 private:
  std::string_view bytes_;
  bool ok_ = true;
};

uint32_t Crc32c(std::string_view bytes);

// What ByteWriter::Checksum() closed, without the checksum; nothing when it does not agree.
std::optional<std::string_view> CheckChecksum(std::string_view bytes);

}  // namespace xp::core
