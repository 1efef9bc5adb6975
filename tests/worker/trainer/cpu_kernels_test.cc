#include "worker/trainer/model/cpu_kernels.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <vector>

#include "worker/trainer/data/batch_plan.h"

namespace xp::trainer {
namespace {

std::vector<float> Drawn(size_t count, uint64_t seed, double range = 4) {
  SplitMix64 random(seed);
  std::vector<float> values(count);
  for (float& v : values) v = float((double(random.Below(1 << 20)) / (1 << 19) - 1) * range);
  return values;
}

float ToFloat(BFloat16Bits x) { return std::bit_cast<float>(uint32_t(x.bits) << 16); }
BFloat16Bits ToHalf(float x) { return {uint16_t(std::bit_cast<uint32_t>(x) >> 16)}; }

TEST(CpuKernelsTest, DropoutLeavesTheShareAndTheMean) {
  const std::vector<float> ones(kDropoutRow, 1);
  double sum = 0;
  int64_t zeros = 0;
  for (int64_t row = 0; row < 64; ++row) {
    std::vector<float> out(kDropoutRow);
    DropoutRow(ones.data(), nullptr, out.data(), kDropoutRow, row, {42, 0.1});
    for (const float x : out) {
      EXPECT_TRUE(x == 0 || x == float(1 / 0.9));
      sum += x;
      zeros += x == 0;
    }
  }
  const auto all = double(64 * kDropoutRow);
  // Five standard deviations of a fair draw.
  EXPECT_NEAR(double(zeros) / all, 0.1, 5 * std::sqrt(0.09 / all));
  EXPECT_NEAR(sum / all, 1, 6 * std::sqrt(0.09 / all));
}

TEST(CpuKernelsTest, RowsAndSeedsHaveNumbersOfTheirOwnAndNeighboursAreIndependent) {
  const auto mask = [](uint64_t seed, int64_t row) {
    const std::vector<float> ones(kDropoutRow, 1);
    std::vector<float> out(kDropoutRow);
    DropoutRow(ones.data(), nullptr, out.data(), kDropoutRow, row, {seed, 0.5});
    return out;
  };
  EXPECT_EQ(mask(1, 0), mask(1, 0));
  const std::vector<float> a = mask(1, 0);
  std::vector<float> shifted(a.begin() + 1, a.end());
  shifted.push_back(a[0]);
  for (const std::vector<float>& b : {mask(1, 1), mask(2, 0), shifted}) {
    int64_t equal = 0;
    for (size_t i = 0; i < a.size(); ++i) equal += a[i] == b[i];
    EXPECT_NEAR(double(equal) / kDropoutRow, 0.5, 5 * 0.5 / std::sqrt(double(kDropoutRow)));
  }
}

TEST(CpuKernelsTest, DropoutAddsTheResidualAndConvertsBothWays) {
  for (const int64_t count : {1, 15, 16, 33}) {
    const std::vector<float> x = Drawn(size_t(count), 3), residual = Drawn(size_t(count), 4);
    std::vector<BFloat16Bits> half;
    for (const float v : x) half.push_back(ToHalf(v));
    std::vector<float> out(size_t(count) + 1, 99), from_half(size_t(count) + 1, 99);
    DropoutRow(x.data(), residual.data(), out.data(), count, 0, {1, 0});
    DropoutRow(half.data(), residual.data(), from_half.data(), count, 0, {1, 0});
    for (size_t i = 0; i < size_t(count); ++i) {
      EXPECT_EQ(out[i], x[i] + residual[i]);
      EXPECT_EQ(from_half[i], ToFloat(half[i]) + residual[i]);
    }
    EXPECT_EQ(out.back(), 99) << "nothing is written beyond the row";
    EXPECT_EQ(from_half.back(), 99);
  }
}

TEST(CpuKernelsTest, RoundingToBFloat16IsToTheNearestAndKeepsWhatIsNoNumber) {
  const float values[] = {1.0f,
                          1.00390625f,
                          1.01171875f,
                          -3.3e38f,
                          std::numeric_limits<float>::quiet_NaN(),
                          std::numeric_limits<float>::infinity()};
  BFloat16Bits out[6];
  DropoutRow(values, out, 6, 0, {1, 0});
  EXPECT_EQ(ToFloat(out[0]), 1.0f);
  EXPECT_EQ(ToFloat(out[1]), 1.0f);       // half way, to even
  EXPECT_EQ(ToFloat(out[2]), 1.015625f);  // half way, to even
  EXPECT_TRUE(std::isnan(ToFloat(out[4])));
  EXPECT_TRUE(std::isinf(ToFloat(out[5])));
}

// The plain definition, in double precision.
std::vector<double> Softmax(const std::vector<float>& scores, const bool* ignored, float scale) {
  double top = -INFINITY, sum = 0;
  std::vector<double> out;
  for (size_t i = 0; i < scores.size(); ++i) {
    const bool hidden = ignored != nullptr && ignored[i];
    out.push_back(hidden ? double(std::numeric_limits<float>::lowest())
                         : double(scores[i] * scale));
    top = std::max(top, out.back());
  }
  for (double& x : out) sum += x = std::exp(x - top);
  for (double& x : out) x /= sum;
  return out;
}

TEST(CpuKernelsTest, AttentionWeightsAreTheSoftmaxOfWhatCounts) {
  for (const int64_t count : {1, 7, 16, 50, 512}) {
    const std::vector<float> scores = Drawn(size_t(count), 5, 60);
    const auto ignored = std::make_unique<bool[]>(size_t(count));
    for (int64_t i = count / 2 + 1; i < count; ++i) ignored[size_t(i)] = true;
    const bool* const masks[] = {nullptr, ignored.get()};
    for (const bool* mask : masks) {
      std::vector<float> weights(size_t(count) + 1, 99), dropped(size_t(count) + 1, 99);
      AttentionRow(scores.data(), mask, weights.data(), dropped.data(), count, 0.125f, 3,
                   {9, 0.25});
      const std::vector<double> wanted = Softmax(scores, mask, 0.125f);
      for (size_t i = 0; i < size_t(count); ++i) {
        EXPECT_NEAR(weights[i], wanted[i], 1e-6 * wanted[i] + 1e-30) << i << " of " << count;
        EXPECT_TRUE(dropped[i] == 0 || std::abs(dropped[i] - weights[i] / 0.75f) < 1e-6f);
      }
      EXPECT_EQ(weights.back(), 99);
      EXPECT_EQ(dropped.back(), 99);
    }
  }
}

TEST(CpuKernelsTest, ARowWithoutAnyKeyStaysFinite) {
  const std::vector<float> scores = Drawn(20, 6);
  bool ignored[20];
  std::fill_n(ignored, 20, true);
  float weights[20];
  AttentionRow(scores.data(), ignored, weights, nullptr, 20, 1, 0, {});
  for (const float w : weights) EXPECT_FLOAT_EQ(w, 1.0f / 20);
}

TEST(CpuKernelsTest, WhatIsNoNumberInAScoreReachesTheWeights) {
  std::vector<float> scores = Drawn(20, 6);
  scores[13] = std::numeric_limits<float>::quiet_NaN();
  float weights[20];
  AttentionRow(scores.data(), nullptr, weights, nullptr, 20, 1, 0, {});
  EXPECT_TRUE(std::isnan(weights[0]));
}

TEST(CpuKernelsTest, TheGradientIsThatOfFiniteDifferences) {
  constexpr int64_t kCount = 19;
  const DropoutRule rule = {11, 0.3};
  std::vector<float> scores = Drawn(kCount, 7, 2);
  const std::vector<float> gradient = Drawn(kCount, 8, 1);
  const auto objective = [&] {
    std::vector<float> weights(kCount), dropped(kCount);
    AttentionRow(scores.data(), nullptr, weights.data(), dropped.data(), kCount, 0.5f, 2, rule);
    double sum = 0;
    for (size_t i = 0; i < size_t(kCount); ++i) sum += double(dropped[i]) * double(gradient[i]);
    return sum;
  };
  std::vector<float> weights(kCount), dropped(kCount), found(kCount);
  AttentionRow(scores.data(), nullptr, weights.data(), dropped.data(), kCount, 0.5f, 2, rule);
  AttentionRowBackward(weights.data(), gradient.data(), found.data(), kCount, 0.5f, 2, rule);
  for (size_t i = 0; i < size_t(kCount); ++i) {
    const float kept = scores[i];
    scores[i] = kept + 1e-2f;
    const double above = objective();
    scores[i] = kept - 1e-2f;
    const double below = objective();
    scores[i] = kept;
    EXPECT_NEAR(found[i], (above - below) / 2e-2, 2e-4) << i;
  }
}

}  // namespace
}  // namespace xp::trainer
