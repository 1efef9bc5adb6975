// Durations and sizes as people write them: `90s`, `30m`, `2h`, `1h30m`, `1d`; `16GiB`, `512MB`.
// Pure functions. Errors: INVALID_ARGUMENT with what would be accepted (no path before it).
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace xp::xpctl {

// Units ms, s, m, h, d, each at most once and falling; a fraction (`1.5h`) in the last part. A bare
// number is refused: nobody can say whether it is seconds or minutes. Greater than zero, at most
// 10 years.
absl::StatusOr<absl::Duration> ParseDuration(std::string_view text);

// "2h", "1h 30m", "45s", "850ms": two parts at most, for people.
std::string ShowDuration(absl::Duration duration);

// Bytes. Units B, kB, MB, GB, TB (powers of 1,000) and KiB, MiB, GiB, TiB (of 1,024), any case.
absl::StatusOr<uint64_t> ParseSize(std::string_view text);

// "1.4 GiB", "512 B".
std::string ShowSize(uint64_t bytes);

}  // namespace xp::xpctl
