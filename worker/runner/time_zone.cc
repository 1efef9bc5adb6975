#include "worker/runner/time_zone.h"

#include <unistd.h>

namespace xp::runner {
namespace {

// "/usr/share/zoneinfo/Europe/Berlin" -> "Europe/Berlin"; a name stays one.
std::string NameIn(std::string_view path) {
  constexpr std::string_view kFolder = "zoneinfo/";
  const size_t at = path.rfind(kFolder);
  return std::string(at == path.npos ? path : path.substr(at + kFolder.size()));
}

std::optional<ProgramZone> Named(const std::string& name) {
  ProgramZone found{.name = name};
  if (name.empty() || name.front() == '/' || !absl::LoadTimeZone(name, &found.zone)) {
    return std::nullopt;
  }
  return found;
}

}  // namespace

ProgramZone ZoneOfProgram(const std::optional<std::string>& tz, const std::string& localtime) {
  if (tz.has_value()) {
    const std::string value = tz->starts_with(':') ? tz->substr(1) : *tz;
    return Named(NameIn(value)).value_or(ProgramZone{.name = "UTC"});
  }
  char target[4096];
  const ssize_t n = readlink(localtime.c_str(), target, sizeof target);
  if (n > 0) {
    const std::string_view path(target, static_cast<size_t>(n));
    if (auto named = Named(NameIn(path))) return *std::move(named);
  }
  // A copy instead of a link has no name.
  return {.zone = absl::LocalTimeZone()};
}

}  // namespace xp::runner
