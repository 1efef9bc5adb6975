// `matrix: {seed: [1, 2], learning_rate: [5e-5, 3e-5]}` multiplies a trial: each combination is a
// trial named NAME-seed-1-learning_rate-5e-5, the first key changing slowest. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "client/xpctl/spec/spec_file.h"

namespace xp::xpctl {

// Number of combinations; saturates instead of overflowing.
uint64_t MatrixSize(const std::vector<MatrixAxis>& matrix);

// The trial once per combination, with the params set. Characters that a name cannot have become
// '_'. Without a matrix the trial itself.
std::vector<SpecTrial> Multiply(const SpecTrial& trial);

}  // namespace xp::xpctl
