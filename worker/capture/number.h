// The number grammar of captured values (docs/capture.md). Pure functions.
//
// Accepted: blanks and quotes around it are stripped, one wrapping call is looked through
// (`np.float64(0.93)`, `tensor(0.93, device='cuda:0')`), then a sign, decimal digits with or
// without a point, an exponent; or `nan`, `inf`, `infinity` in any case. Beyond the range of a
// double a number becomes an infinity or zero, as Python's float() does. Everything else (`0.93%`,
// `1,5`, `1_000`, `0x1F`, `[0.9]`, nothing) is no number.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace xp::capture {

std::optional<double> ParseNumber(std::string_view text);

// A whole number that a step can be: digits with a sign, or a number such as `3.0` or `1e3` without
// a fraction and below 2^53. Stripping as in ParseNumber.
std::optional<int64_t> ParseStep(std::string_view text);

}  // namespace xp::capture
