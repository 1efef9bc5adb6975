#include "server/core/byte_stream.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace xp::core {
namespace {

constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

TEST(ByteStreamTest, ZigZagGoesThereAndBack) {
  for (const int64_t n : {int64_t{0}, int64_t{-1}, int64_t{1}, kMin, kMax, kMin + 1}) {
    EXPECT_EQ(UnZigZag(ZigZag(n)), n);
  }
  EXPECT_EQ(ZigZag(-1), 1u);
  EXPECT_EQ(ZigZag(1), 2u);
}

TEST(ByteStreamTest, NumbersGoThereAndBack) {
  ByteWriter out;
  for (int shift = 0; shift < 64; ++shift) out.Varint(uint64_t{1} << shift);
  out.Varint(UINT64_MAX);
  out.Fixed64(0x0123456789abcdef);
  ByteReader in(out.bytes());
  for (int shift = 0; shift < 64; ++shift) EXPECT_EQ(in.Varint(), uint64_t{1} << shift);
  EXPECT_EQ(in.Varint(), UINT64_MAX);
  EXPECT_EQ(in.Fixed64(), 0x0123456789abcdefu);
  EXPECT_TRUE(in.ok() && in.at_end());
}

TEST(ByteStreamTest, PastTheEndTheReaderStaysBad) {
  ByteReader in("ab");
  EXPECT_EQ(in.Fixed64(), 0u);
  EXPECT_FALSE(in.ok());
  EXPECT_EQ(in.Byte(), 0) << "although there are bytes left";
}

TEST(ByteStreamTest, AVarintBeyond64BitsIsBad) {
  ByteReader eleven("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
  eleven.Varint();
  EXPECT_FALSE(eleven.ok());
  ByteReader too_big("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02");
  too_big.Varint();
  EXPECT_FALSE(too_big.ok());
}

// The check value that every CRC-32C has for "123456789".
TEST(ByteStreamTest, ChecksumIsCrc32c) { EXPECT_EQ(Crc32c("123456789"), 0xe3069283u); }

// Eight bytes at a time or one by one: a text of any length has the checksum of the plain
// definition.
TEST(ByteStreamTest, ChecksumIsTheSameAtEveryLength) {
  std::string text;
  for (int length = 0; length < 100; ++length) {
    uint32_t plain = 0xffffffffu;
    for (const char c : text) {
      plain ^= static_cast<uint8_t>(c);
      for (int bit = 0; bit < 8; ++bit) plain = (plain >> 1) ^ ((plain & 1) != 0 ? 0x82f63b78u : 0);
    }
    EXPECT_EQ(Crc32c(text), plain ^ 0xffffffffu) << length;
    text += static_cast<char>(length * 37 + 200);
  }
}

TEST(ByteStreamTest, AReaderOfNothingFailsAtOnce) {
  ByteReader in("");
  EXPECT_TRUE(in.ok() && in.at_end());
  EXPECT_EQ(in.Varint(), 0u);
  EXPECT_FALSE(in.ok());
}

TEST(ByteStreamTest, TheChecksumIsTakenOffOrRefused) {
  ByteWriter out;
  out.Bytes("hello");
  out.Checksum();
  EXPECT_EQ(CheckChecksum(out.bytes()), "hello");
  EXPECT_FALSE(CheckChecksum(out.bytes().substr(1)));
  EXPECT_FALSE(CheckChecksum("abc"));
}

}  // namespace
}  // namespace xp::core
