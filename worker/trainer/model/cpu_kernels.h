// Loops over float32 and bfloat16 arrays that do in one pass what LibTorch does in three to five:
// dropout, and the attention's softmax. Random numbers are a hash of (seed, row, column), so that
// nothing need be kept for the backward pass and any number of threads makes the same ones. Pure
// functions; vectorised for AVX2 and AVX-512 where the processor has them.
#pragma once

#include <cstdint>

namespace xp::trainer {

// A bfloat16 as LibTorch stores it: the upper half of a float32.
struct BFloat16Bits {
  uint16_t bits;
};

// Elements of one row of a flat array: each row has random numbers of its own.
inline constexpr int64_t kDropoutRow = 4096;

struct DropoutRule {
  uint64_t seed = 0;
  double probability = 0;  // of an element to be zeroed, in [0, 1); 0 draws nothing
};

// Row `row` of a flat array: out[i] = in[i] / (1 - p) or 0, + residual[i] where residual is not
// null. `count` is at most kDropoutRow; in and out may be one.
void DropoutRow(const float* in, const float* residual, float* out, int64_t count, int64_t row,
                const DropoutRule& rule);
void DropoutRow(const BFloat16Bits* in, const float* residual, float* out, int64_t count,
                int64_t row, const DropoutRule& rule);
void DropoutRow(const BFloat16Bits* in, BFloat16Bits* out, int64_t count, int64_t row,
                const DropoutRule& rule);
void DropoutRow(const float* in, BFloat16Bits* out, int64_t count, int64_t row,
                const DropoutRule& rule);

// One row of attention weights: weights = softmax(scale * scores), and dropped = dropout(weights).
// Where ignored[i] is true the score is the lowest finite number. `dropped` may be null.
void AttentionRow(const float* scores, const bool* ignored, float* weights, float* dropped,
                  int64_t count, float scale, int64_t row, const DropoutRule& rule);
void AttentionRow(const BFloat16Bits* scores, const bool* ignored, BFloat16Bits* weights,
                  BFloat16Bits* dropped, int64_t count, float scale, int64_t row,
                  const DropoutRule& rule);

// Its backward pass: the scores' gradient from the dropped weights' gradient.
void AttentionRowBackward(const float* weights, const float* gradient, float* scores_gradient,
                          int64_t count, float scale, int64_t row, const DropoutRule& rule);
void AttentionRowBackward(const BFloat16Bits* weights, const BFloat16Bits* gradient,
                          BFloat16Bits* scores_gradient, int64_t count, float scale, int64_t row,
                          const DropoutRule& rule);

}  // namespace xp::trainer
