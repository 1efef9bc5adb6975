#include "client/cpp/address.h"

#include <charconv>
#include <string>

#include "proto/status.h"

namespace xp::client {
namespace {

absl::Status Bad(std::string_view text, std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("server address \"", ToAbsl(text),
                                                 "\": ", ToAbsl(what),
                                                 "; write HOST:PORT, e.g. 127.0.0.1:7070, "
                                                 "[::1]:7070 or unix:/run/xp.sock"));
}

bool IsPort(std::string_view text) {
  int port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port >= 1 && port <= 65535;
}

}  // namespace

absl::StatusOr<ServerAddress> ParseAddress(std::string_view text) {
  if (text.empty()) return Bad(text, "is empty");
  if (text.find("://") != text.npos) return Bad(text, "is a URL");
  if (text.find_first_of(" \t\n/") != text.npos && !text.starts_with("unix:")) {
    return Bad(text, "has a blank or a '/' in it");
  }
  if (text.starts_with("unix:")) {
    if (text.size() == 5) return Bad(text, "has no path");
    return ServerAddress{std::string(text), std::string(text)};
  }
  std::string_view host = text;
  std::string port = std::to_string(kDefaultPort);
  const size_t bracket = text.find(']');
  if (text.front() == '[') {
    if (bracket == text.npos) return Bad(text, "has no ']'");
    host = text.substr(0, bracket + 1);
    const std::string_view rest = text.substr(bracket + 1);
    if (!rest.empty() && rest.front() != ':') return Bad(text, "has no ':' after ']'");
    if (!rest.empty()) port = rest.substr(1);
  } else if (const size_t colon = text.find(':'); colon != text.npos) {
    if (text.find(':', colon + 1) != text.npos) return Bad(text, "has several ':'");
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
  }
  if (host.empty()) return Bad(text, "has no host");
  if (!IsPort(port)) return Bad(text, "has no port from 1 to 65535 after the ':'");
  const std::string shown = std::string(host) + ":" + port;
  return ServerAddress{"dns:///" + shown, shown};
}

}  // namespace xp::client
