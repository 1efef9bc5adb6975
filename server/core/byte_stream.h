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

// `bytes` must outlive the reader. Inline where a number is one or eight bytes: a compare reads
// millions of them.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes)
      : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  uint8_t Byte() {
    if (at_ == end_) return Fail();
    return static_cast<uint8_t>(*at_++);
  }
  uint64_t Fixed64() {
    if (end_ - at_ < 8) return Fail();
    uint64_t value = 0;
    for (int i = 0; i < 8; ++i) {  // one load, to a compiler
      value |= static_cast<uint64_t>(static_cast<uint8_t>(at_[i])) << (8 * i);
    }
    at_ += 8;
    return value;
  }
  uint64_t Varint() {
    if (at_ != end_ && (*at_ & 0x80) == 0) return static_cast<uint8_t>(*at_++);
    return LongVarint();
  }
  std::string_view Bytes(size_t count);
  std::string_view Rest() { return Bytes(static_cast<size_t>(end_ - at_)); }

  // False once a read failed.
  bool ok() const { return ok_; }
  bool at_end() const { return at_ == end_; }

 private:
  uint8_t Fail();
  uint64_t LongVarint();

  // After a failure at_ is end_: then every read fails by itself.
  const char* at_;
  const char* const end_;
  bool ok_ = true;
};

uint32_t Crc32c(std::string_view bytes);

// What ByteWriter::Checksum() closed, without the checksum; nothing when it does not agree.
std::optional<std::string_view> CheckChecksum(std::string_view bytes);

}  // namespace xp::core
