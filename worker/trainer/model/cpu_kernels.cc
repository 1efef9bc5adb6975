#include "worker/trainer/model/cpu_kernels.h"

#include <algorithm>
#include <cstring>
#include <limits>

// Sanitizers are not ready yet when the loader chooses among the clones.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define XP_FOR_EACH_PROCESSOR \
  __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define XP_FOR_EACH_PROCESSOR
#endif
#define XP_INLINE inline __attribute__((always_inline))

namespace xp::trainer {
namespace {

// Sixteen numbers at a time; the compiler cuts them into what the processor has.
constexpr int64_t kLanes = 16;
using Floats = float __attribute__((vector_size(64)));
using Words = uint32_t __attribute__((vector_size(64)));
using Halves = uint16_t __attribute__((vector_size(32)));

XP_INLINE void Load(const float* from, Floats& to) { std::memcpy(&to, from, sizeof to); }
XP_INLINE void Load(const BFloat16Bits* from, Floats& to) {
  Halves halves;
  std::memcpy(&halves, from, sizeof halves);
  const Words words = __builtin_convertvector(halves, Words) << 16;
  std::memcpy(&to, &words, sizeof to);
}
XP_INLINE void Store(const Floats& from, float* to) { std::memcpy(to, &from, sizeof from); }
XP_INLINE void Store(const Floats& from, BFloat16Bits* to) {
  Words words;
  std::memcpy(&words, &from, sizeof words);
  // To the nearest, half to even; what is no number stays none.
  const Words rounded = (words + (0x7FFF + (words >> 16 & 1))) >> 16;
  const Words kept = (words & 0x7FFFFFFF) > 0x7F800000 ? Words{} + 0x7FC0 : rounded;
  const Halves halves = __builtin_convertvector(kept, Halves);
  std::memcpy(to, &halves, sizeof halves);
}

// The last elements of a row, with zeros beyond them.
template <typename T>
struct Tail {
  T values[kLanes] = {};
};

template <typename T>
XP_INLINE void LoadAt(const T* from, int64_t at, int64_t count, Floats& to) {
  if (at + kLanes <= count) {
    Load(from + at, to);
    return;
  }
  Tail<T> tail;
  std::memcpy(tail.values, from + at, size_t(count - at) * sizeof(T));
  Load(tail.values, to);
}

template <typename T>
XP_INLINE void StoreAt(const Floats& from, T* to, int64_t at, int64_t count) {
  if (at + kLanes <= count) {
    Store(from, to + at);
    return;
  }
  Tail<T> tail;
  Store(from, tail.values);
  std::memcpy(to + at, tail.values, size_t(count - at) * sizeof(T));
}

constexpr uint64_t Mixed(uint64_t z) {  // splitmix64's
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ z >> 27) * 0x94D049BB133111EBull;
  return z ^ z >> 31;
}

// Which elements of one row stay.
struct Keep {
  uint32_t first, second, threshold;
  float scale;

  XP_INLINE Keep(const DropoutRule& rule, int64_t row) {
    const uint64_t key = Mixed(rule.seed + uint64_t(row + 1) * 0x9E3779B97F4A7C15ull);
    first = uint32_t(key);
    second = uint32_t(key >> 32);
    threshold = uint32_t(std::min(rule.probability * 4294967296.0, 4294967295.0));
    scale = rule.probability < 1 ? float(1 / (1 - rule.probability)) : 0;  // 1: all are dropped
  }

  // Murmur3's last steps over a Weyl sequence: 1 / (1 - p) or 0 for columns from `at` on.
  XP_INLINE Floats Factors(int64_t at) const {
    constexpr Words kCount = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    Words x = (kCount + uint32_t(at)) * 0x9E3779B1u + first;
    x ^= x >> 16;
    x *= 0x85EBCA6Bu;
    x ^= (x >> 13) ^ second;
    x *= 0xC2B2AE35u;
    x ^= x >> 16;
    return x >= threshold ? Floats{} + scale : Floats{};
  }
};

// e to the power of x <= 0, to 2 units in the last place; 0 below -87.
XP_INLINE Floats Exp(const Floats& x) {
  const Floats bounded = x < -87.0f ? Floats{} - 87.0f : x;
  constexpr float kRounding = 12582912.0f;  // 1.5 * 2^23: adding it rounds to a whole number
  const Floats shifted = bounded * 1.44269504f + kRounding;
  const Floats whole = shifted - kRounding;
  const Floats r = bounded - whole * 0.693359375f + whole * 2.12194440e-4f;
  Floats p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  Words bits;
  std::memcpy(&bits, &shifted, sizeof bits);
  bits = (bits - 0x4B400000u + 127u) << 23;  // 2^whole
  Floats power;
  std::memcpy(&power, &bits, sizeof power);
  return x < -87.0f ? Floats{} : p * power;
}

XP_INLINE float Sum(const Floats& x) {
  float sum = 0;
  for (int64_t i = 0; i < kLanes; ++i) sum += x[i];
  return sum;
}

template <typename In, typename Out>
XP_INLINE void Dropout(const In* in, const float* residual, Out* out, int64_t count, int64_t row,
                       const DropoutRule& rule) {
  const Keep keep(rule, row);
  for (int64_t i = 0; i < count; i += kLanes) {
    Floats x;
    LoadAt(in, i, count, x);
    if (rule.probability > 0) {
      const Floats factors = keep.Factors(i);
      x = factors == 0.0f ? Floats{} : x * factors;  // what is no number may be dropped, too
    }
    if (residual != nullptr) {
      Floats more;
      LoadAt(residual, i, count, more);
      x += more;
    }
    StoreAt(x, out, i, count);
  }
}

template <typename T>
XP_INLINE void Attention(const T* scores, const bool* ignored, T* weights, T* dropped,
                         int64_t count, float scale, int64_t row, const DropoutRule& rule) {
  constexpr float kLowest = std::numeric_limits<float>::lowest();
  Floats top = Floats{} + kLowest;
  const auto scaled = [&](int64_t i) __attribute__((always_inline)) {
    Floats x;
    LoadAt(scores, i, count, x);
    x *= scale;
    if (ignored != nullptr || i + kLanes > count) {
      for (int64_t lane = 0; lane < kLanes; ++lane) {
        const bool hidden = i + lane >= count || (ignored != nullptr && ignored[i + lane]);
        if (hidden) x[lane] = kLowest;
      }
    }
    return x;
  };
  for (int64_t i = 0; i < count; i += kLanes) {
    const Floats x = scaled(i);
    top = x > top || x != x ? x : top;
  }
  float highest = top[0];
  for (int64_t lane = 1; lane < kLanes; ++lane) {
    highest = top[lane] > highest || top[lane] != top[lane] ? top[lane] : highest;
  }
  Floats sums{};
  for (int64_t i = 0; i < count; i += kLanes) {
    const Floats e = Exp(scaled(i) - highest);
    if (i + kLanes <= count) {
      sums += e;
    } else {
      for (int64_t lane = 0; i + lane < count; ++lane) sums[lane] += e[lane];
    }
  }
  const float inverse = 1 / Sum(sums);
  const Keep keep(rule, row);
  for (int64_t i = 0; i < count; i += kLanes) {
    const Floats w = Exp(scaled(i) - highest) * inverse;
    StoreAt(w, weights, i, count);
    if (dropped != nullptr) StoreAt(w * keep.Factors(i), dropped, i, count);
  }
}

template <typename T>
XP_INLINE void AttentionBackward(const T* weights, const T* gradient, T* out, int64_t count,
                                 float scale, int64_t row, const DropoutRule& rule) {
  const Keep keep(rule, row);
  const bool drops = rule.probability > 0;
  Floats sums{};
  for (int64_t i = 0; i < count; i += kLanes) {
    Floats w, g;
    LoadAt(weights, i, count, w);
    LoadAt(gradient, i, count, g);
    if (drops) g *= keep.Factors(i);
    sums += w * g;
  }
  const float dot = Sum(sums);
  for (int64_t i = 0; i < count; i += kLanes) {
    Floats w, g;
    LoadAt(weights, i, count, w);
    LoadAt(gradient, i, count, g);
    if (drops) g *= keep.Factors(i);
    StoreAt(w * (g - dot) * scale, out, i, count);
  }
}

}  // namespace

XP_FOR_EACH_PROCESSOR
void DropoutRow(const float* in, const float* residual, float* out, int64_t count, int64_t row,
                const DropoutRule& rule) {
  Dropout(in, residual, out, count, row, rule);
}

XP_FOR_EACH_PROCESSOR
void DropoutRow(const BFloat16Bits* in, const float* residual, float* out, int64_t count,
                int64_t row, const DropoutRule& rule) {
  Dropout(in, residual, out, count, row, rule);
}

XP_FOR_EACH_PROCESSOR
void DropoutRow(const BFloat16Bits* in, BFloat16Bits* out, int64_t count, int64_t row,
                const DropoutRule& rule) {
  Dropout(in, nullptr, out, count, row, rule);
}

XP_FOR_EACH_PROCESSOR
void DropoutRow(const float* in, BFloat16Bits* out, int64_t count, int64_t row,
                const DropoutRule& rule) {
  Dropout(in, nullptr, out, count, row, rule);
}

XP_FOR_EACH_PROCESSOR
void AttentionRow(const float* scores, const bool* ignored, float* weights, float* dropped,
                  int64_t count, float scale, int64_t row, const DropoutRule& rule) {
  Attention(scores, ignored, weights, dropped, count, scale, row, rule);
}

XP_FOR_EACH_PROCESSOR
void AttentionRow(const BFloat16Bits* scores, const bool* ignored, BFloat16Bits* weights,
                  BFloat16Bits* dropped, int64_t count, float scale, int64_t row,
                  const DropoutRule& rule) {
  Attention(scores, ignored, weights, dropped, count, scale, row, rule);
}

XP_FOR_EACH_PROCESSOR
void AttentionRowBackward(const float* weights, const float* gradient, float* scores_gradient,
                          int64_t count, float scale, int64_t row, const DropoutRule& rule) {
  AttentionBackward(weights, gradient, scores_gradient, count, scale, row, rule);
}

XP_FOR_EACH_PROCESSOR
void AttentionRowBackward(const BFloat16Bits* weights, const BFloat16Bits* gradient,
                          BFloat16Bits* scores_gradient, int64_t count, float scale, int64_t row,
                          const DropoutRule& rule) {
  AttentionBackward(weights, gradient, scores_gradient, count, scale, row, rule);
}

}  // namespace xp::trainer
