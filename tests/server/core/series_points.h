// Points for tests of series: made by seed, in the shapes that logs have and in those that nobody
// expects.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "server/core/metric_point.h"

namespace xp::core {

enum class Shape {
  kDecimalLog,   // four decimals, printed steps, epochs of two decimals
  kFloatNoise,   // exactly float32
  kDoubleNoise,  // full doubles, no printed step, no epoch
  kDecimalsWithNan,
  kWild,  // any bits everywhere
};
inline constexpr Shape kShapes[] = {Shape::kDecimalLog, Shape::kFloatNoise, Shape::kDoubleNoise,
                                    Shape::kDecimalsWithNan, Shape::kWild};

inline MetricPoint MakePoint(Shape shape, size_t i, std::mt19937_64& random) {
  std::normal_distribution<double> noise(0, 0.05);
  MetricPoint point;
  point.step = static_cast<int64_t>(i + 1) * 10;
  point.step_printed = true;
  point.time_ms = 1'700'000'000'000 + static_cast<int64_t>(i * 250 + random() % 7);
  point.log_offset = i * 97 + random() % 5;
  const double value = 0.7 / std::sqrt(1.0 + 0.01 * static_cast<double>(i)) + noise(random);
  switch (shape) {
    case Shape::kDecimalsWithNan:
    case Shape::kDecimalLog:
      point.value = std::round(value * 1e4) / 1e4;
      point.epoch = std::round(static_cast<double>(i)) / 100;
      if (shape == Shape::kDecimalsWithNan && i % 50 == 7) point.value = std::nan("");
      break;
    case Shape::kFloatNoise:
      point.value = static_cast<double>(static_cast<float>(value));
      break;
    case Shape::kDoubleNoise:
      point.value = value;
      point.step_printed = false;
      break;
    case Shape::kWild: {
      const auto bits = [&] { return random(); };
      const double specials[] = {0.0,
                                 -0.0,
                                 std::numeric_limits<double>::infinity(),
                                 -std::numeric_limits<double>::infinity(),
                                 std::numeric_limits<double>::denorm_min(),
                                 1e308,
                                 -1e-300};
      point.value = bits() % 3 == 0 ? specials[bits() % 7] : std::bit_cast<double>(bits());
      point.epoch = bits() % 2 == 0 ? kNoEpoch : std::bit_cast<double>(bits());
      point.step = static_cast<int64_t>(bits());
      point.step_printed = bits() % 2 == 0;
      point.time_ms = static_cast<int64_t>(bits());
      point.log_offset = bits();
      break;
    }
  }
  return point;
}

inline std::vector<MetricPoint> MakePoints(Shape shape, size_t count, uint64_t seed = 1) {
  std::mt19937_64 random(seed);
  std::vector<MetricPoint> points;
  for (size_t i = 0; i < count; ++i) points.push_back(MakePoint(shape, i, random));
  return points;
}

}  // namespace xp::core
