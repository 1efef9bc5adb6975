// Checks for numeric options. CLI11's own let NaN pass, and say nothing of what is accepted where a
// number cannot be read.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>

namespace xp::trainer {

// More than any count of steps, epochs or examples, and safe to multiply with one.
inline constexpr uint64_t kMostCount = 1'000'000'000;
inline constexpr uint64_t kMostThreads = 1024;

// Decimal digits only. "--epochs: is 'nan'; accepted: a whole number from 1 to 1000000000".
CLI::Validator WholeNumber(uint64_t low, uint64_t high);

// kExcluded: `high` itself is not accepted.
enum class HighEnd { kIncluded, kExcluded };

// Finite, from `low` to `high`; the default is about the largest 32-bit float.
CLI::Validator FiniteNumber(double low, double high = 1e38, HighEnd end = HighEnd::kIncluded);

// auto, cpu, cuda or cuda:N; whether it is there is another question.
CLI::Validator DeviceName();

}  // namespace xp::trainer
