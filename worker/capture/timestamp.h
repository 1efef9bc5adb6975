// Reads the time that a program printed with a value. Pure.
//
// Accepted: RFC 3339 (`2026-11-23T09:06:00.250Z`, `+01:00`; a blank instead of the T will do),
// seconds or milliseconds since 1970 (a number of at least 1e11 is milliseconds: 1e11 seconds would
// be the year 5138), and Python logging's `2026-11-23 09:06:00,250`, which names no zone and is
// read in the one given (the worker's).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <absl/time/time.h>

namespace xp::capture {

// Milliseconds since 1970 UTC, or nothing if the text is no time from 1970 to 9999.
std::optional<int64_t> ParseTimestamp(std::string_view text, absl::TimeZone zone);

}  // namespace xp::capture
