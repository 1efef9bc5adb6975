#include "server/core/column_codec.h"

#include <zstd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace xp::core {
namespace {

enum IntTag : uint8_t { kDelta = 0, kDeltaOfDelta = 1 };
enum DoubleTag : uint8_t { kDecimal = 0, kFloat32 = 1, kDouble = 2 };
enum FlagTag : uint8_t { kNone = 0, kAll = 1, kBitmap = 2 };

constexpr int kDecimalsMax = 15;
constexpr std::array<double, kDecimalsMax + 1> kPowersOfTen = {
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
constexpr double kExactIntegerMax = 9007199254740992.0;  // 2^53

// Columns shorter than this are compared by their plain size: zstd would not pay anyway.
constexpr size_t kTryZstdFromBytes = 256;

uint64_t Bits(double value) { return std::bit_cast<uint64_t>(value); }

// n with n / 10^decimals == value, bit for bit.
std::optional<int64_t> AsDecimal(double value, int decimals) {
  const double power = kPowersOfTen[static_cast<size_t>(decimals)];
  const double scaled = value * power;
  if (!(std::fabs(scaled) < kExactIntegerMax)) return std::nullopt;  // NaN and Inf too
  const int64_t n = std::llround(scaled);
  if (Bits(static_cast<double>(n) / power) != Bits(value)) return std::nullopt;
  return n;
}

// The decimals that all but a sixteenth of the values need at least; nothing when they are no
// decimals.
std::optional<int> FindDecimals(absl::Span<const double> values) {
  const size_t exceptions_max = values.size() / 16;
  std::array<size_t, kDecimalsMax + 1> needing{};
  size_t exceptions = 0;
  for (const double value : values) {
    int decimals = 0;
    while (decimals <= kDecimalsMax && !AsDecimal(value, decimals).has_value()) ++decimals;
    if (decimals <= kDecimalsMax) {
      ++needing[static_cast<size_t>(decimals)];
    } else if (++exceptions > exceptions_max) {
      return std::nullopt;
    }
  }
  int decimals = kDecimalsMax;
  while (decimals > 0 && exceptions + needing[static_cast<size_t>(decimals)] <= exceptions_max) {
    exceptions += needing[static_cast<size_t>(decimals--)];
  }
  while (decimals > 0 && needing[static_cast<size_t>(decimals)] == 0) --decimals;
  return decimals;
}

std::optional<std::string> PackDecimals(absl::Span<const double> values) {
  const std::optional<int> decimals = FindDecimals(values);
  if (!decimals.has_value()) return std::nullopt;
  ByteWriter exceptions;
  ByteWriter numbers;
  size_t exception_count = 0;
  size_t next = 0;
  int64_t before = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const std::optional<int64_t> n = AsDecimal(values[i], *decimals);
    if (n.has_value()) {
      numbers.Varint(ZigZag(*n - before));
      before = *n;
      continue;
    }
    exceptions.Varint(i - next);
    exceptions.Fixed64(Bits(values[i]));
    ++exception_count;
    next = i + 1;
  }
  ByteWriter out;
  out.Byte(kDecimal);
  out.Byte(static_cast<uint8_t>(*decimals));
  out.Varint(exception_count);
  out.Bytes(exceptions.bytes());
  out.Bytes(numbers.bytes());
  return std::move(out).Take();
}

bool UnpackDecimals(ByteReader& in, std::vector<double>& values) {
  const uint8_t decimals = in.Byte();
  const uint64_t exception_count = in.Varint();
  if (!in.ok() || decimals > kDecimalsMax || exception_count > values.size()) return false;
  std::vector<bool> excepted(values.size());
  size_t next = 0;
  for (uint64_t e = 0; e < exception_count; ++e) {
    const uint64_t skip = in.Varint();
    if (!in.ok() || next >= values.size() || skip >= values.size() - next) return false;
    next += skip;
    excepted[next] = true;
    values[next++] = std::bit_cast<double>(in.Fixed64());
  }
  uint64_t n = 0;  // unsigned: made-up bytes may overflow it
  for (size_t i = 0; i < values.size(); ++i) {
    if (excepted[i]) continue;
    n += static_cast<uint64_t>(UnZigZag(in.Varint()));
    values[i] = static_cast<double>(static_cast<int64_t>(n)) / kPowersOfTen[decimals];
  }
  return in.ok();
}

// All first (lowest) bytes, then all second ones: what changes slowly stands together.
template <typename Word, typename Value>
void Shuffle(absl::Span<const Value> values, ByteWriter& out) {
  for (size_t byte = 0; byte < sizeof(Word); ++byte) {
    for (const Value value : values) {
      out.Byte(static_cast<uint8_t>(std::bit_cast<Word>(value) >> (8 * byte)));
    }
  }
}

template <typename Word>
std::vector<Word> Unshuffle(std::string_view bytes, size_t count) {
  std::vector<Word> words(count, 0);
  for (size_t byte = 0; byte < sizeof(Word); ++byte) {
    for (size_t i = 0; i < count; ++i) {
      words[i] |= static_cast<Word>(static_cast<uint8_t>(bytes[byte * count + i])) << (8 * byte);
    }
  }
  return words;
}

std::optional<std::string> PackFloats(absl::Span<const double> values) {
  std::vector<float> floats;
  floats.reserve(values.size());
  for (const double value : values) {
    // A finite double beyond float's range must not be converted at all.
    if (std::isfinite(value) && std::fabs(value) > std::numeric_limits<float>::max()) {
      return std::nullopt;
    }
    floats.push_back(static_cast<float>(value));
    if (Bits(static_cast<double>(floats.back())) != Bits(value)) return std::nullopt;
  }
  ByteWriter out;
  out.Byte(kFloat32);
  Shuffle<uint32_t>(absl::MakeConstSpan(floats), out);
  return std::move(out).Take();
}

std::string PackDoubles(absl::Span<const double> values) {
  ByteWriter out;
  out.Byte(kDouble);
  Shuffle<uint64_t>(values, out);
  return std::move(out).Take();
}

// What a form will cost in the chunk: after zstd where zstd will be used.
size_t Cost(const std::string& packed) {
  return packed.size() < kTryZstdFromBytes ? packed.size() : CompressedSize(packed);
}

}  // namespace

size_t CompressedSize(std::string_view bytes) {
  std::string packed(ZSTD_compressBound(bytes.size()), '\0');
  const size_t size =
      ZSTD_compress(packed.data(), packed.size(), bytes.data(), bytes.size(), kChunkZstdLevel);
  return ZSTD_isError(size) != 0 ? bytes.size() : size;
}

void WriteIntColumn(absl::Span<const uint64_t> values, ByteWriter& out) {
  ByteWriter deltas;
  ByteWriter deltas_of_deltas;
  uint64_t before = 0;
  uint64_t delta_before = 0;
  for (const uint64_t value : values) {
    const uint64_t delta = value - before;  // wraps: any two numbers have a distance
    deltas.Varint(ZigZag(static_cast<int64_t>(delta)));
    deltas_of_deltas.Varint(ZigZag(static_cast<int64_t>(delta - delta_before)));
    before = value;
    delta_before = delta;
  }
  const bool plain = deltas.size() <= deltas_of_deltas.size();
  out.Byte(plain ? kDelta : kDeltaOfDelta);
  out.Bytes(plain ? deltas.bytes() : deltas_of_deltas.bytes());
}

bool ReadIntColumn(ByteReader& in, size_t count, std::vector<uint64_t>& values) {
  const uint8_t tag = in.Byte();
  if (tag > kDeltaOfDelta) return false;
  values.clear();
  values.reserve(count);
  uint64_t value = 0;
  uint64_t delta = 0;
  for (size_t i = 0; i < count && in.ok(); ++i) {
    const uint64_t read = static_cast<uint64_t>(UnZigZag(in.Varint()));
    delta = tag == kDelta ? read : delta + read;
    value += delta;
    values.push_back(value);
  }
  return in.ok();
}

void WriteDoubleColumn(absl::Span<const double> values, ByteWriter& out) {
  std::string best = PackDoubles(values);
  size_t best_cost = Cost(best);
  for (std::optional<std::string>& form : std::array{PackFloats(values), PackDecimals(values)}) {
    if (!form.has_value()) continue;
    const size_t cost = Cost(*form);
    if (cost >= best_cost) continue;
    best = *std::move(form);
    best_cost = cost;
  }
  out.Bytes(best);
}

bool ReadDoubleColumn(ByteReader& in, size_t count, std::vector<double>& values) {
  const uint8_t tag = in.Byte();
  values.assign(count, 0);
  if (tag == kDecimal) return UnpackDecimals(in, values);
  if (tag != kFloat32 && tag != kDouble) return false;
  const std::string_view bytes = in.Bytes(count * (tag == kFloat32 ? 4 : 8));
  if (!in.ok()) return false;
  if (tag == kFloat32) {
    const std::vector<uint32_t> words = Unshuffle<uint32_t>(bytes, count);
    std::transform(words.begin(), words.end(), values.begin(),
                   [](uint32_t word) { return static_cast<double>(std::bit_cast<float>(word)); });
  } else {
    const std::vector<uint64_t> words = Unshuffle<uint64_t>(bytes, count);
    std::transform(words.begin(), words.end(), values.begin(),
                   [](uint64_t word) { return std::bit_cast<double>(word); });
  }
  return true;
}

void WriteFlagColumn(const std::vector<bool>& flags, ByteWriter& out) {
  const auto set = static_cast<size_t>(std::count(flags.begin(), flags.end(), true));
  if (set == 0 || set == flags.size()) {
    out.Byte(set == 0 ? kNone : kAll);
    return;
  }
  out.Byte(kBitmap);
  for (size_t i = 0; i < flags.size(); i += 8) {
    unsigned byte = 0;
    for (size_t bit = 0; bit < 8 && i + bit < flags.size(); ++bit) {
      if (flags[i + bit]) byte |= 1u << bit;
    }
    out.Byte(static_cast<uint8_t>(byte));
  }
}

bool ReadFlagColumn(ByteReader& in, size_t count, std::vector<bool>& flags) {
  const uint8_t tag = in.Byte();
  if (!in.ok() || tag > kBitmap) return false;
  flags.assign(count, tag == kAll);
  if (tag != kBitmap) return true;
  const std::string_view bytes = in.Bytes((count + 7) / 8);
  if (!in.ok()) return false;
  for (size_t i = 0; i < count; ++i) {
    flags[i] = ((static_cast<uint8_t>(bytes[i / 8]) >> (i % 8)) & 1) != 0;
  }
  return true;
}

}  // namespace xp::core
