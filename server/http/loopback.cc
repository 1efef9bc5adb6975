#include "server/http/loopback.h"

#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_split.h>

#include <vector>

#include "proto/status.h"

namespace xp::http {

bool IsLoopbackName(std::string_view name) {
  if (absl::EqualsIgnoreCase(ToAbsl(name), "localhost") || name == "::1") return true;
  const std::vector<absl::string_view> parts = absl::StrSplit(ToAbsl(name), '.');
  if (parts.size() != 4 || parts[0] != "127") return false;
  for (const absl::string_view part : parts) {
    int number = 0;
    if (!absl::SimpleAtoi(part, &number) || number < 0 || number > 255) return false;
  }
  return true;
}

bool IsLoopbackHost(std::string_view host) {
  if (host.substr(0, 1) == "[") {
    const size_t end = host.find(']');
    return end != std::string_view::npos && IsLoopbackName(host.substr(1, end - 1));
  }
  return IsLoopbackName(host.substr(0, host.find(':')));
}

}  // namespace xp::http
