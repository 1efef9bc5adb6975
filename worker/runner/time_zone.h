// In which zone a program prints times that name none (Python logging's form). Free functions; safe
// from any thread as long as nobody changes the environment.
#pragma once

#include <absl/time/time.h>

#include <optional>
#include <string>
#include <string_view>

namespace xp::runner {

struct ProgramZone {
  std::string name;  // in the IANA database; empty: not known by name
  absl::TimeZone zone = absl::UTCTimeZone();
};

// `tz` is TZ in the program's environment; absent: the machine's zone, which `localtime` links to.
// A value that is no name of the database (a POSIX rule, a slip) is read as UTC.
ProgramZone ZoneOfProgram(const std::optional<std::string>& tz,
                          const std::string& localtime = "/etc/localtime");

}  // namespace xp::runner
