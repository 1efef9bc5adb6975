#include "worker/trainer/hub/model_name.h"

#include <algorithm>

namespace xp::trainer {
namespace {

constexpr std::string_view kPrefix = "hub:";

bool IsNameChar(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

bool IsPart(std::string_view part) {
  return !part.empty() && part.size() <= 96 && part[0] != '.' && part[0] != '-' &&
         part.find("..") == part.npos && std::all_of(part.begin(), part.end(), IsNameChar);
}

}  // namespace

bool IsHubName(std::string_view text) { return text.starts_with(kPrefix); }

absl::StatusOr<HubName> ParseHubName(std::string_view text) {
  const auto refuse = [&](const char* why) {
    return absl::InvalidArgumentError("'" + std::string(text) + "': " + why +
                                      "; expected hub:NAME, hub:ORG/NAME or hub:NAME@REVISION");
  };
  if (!IsHubName(text)) return refuse("no hub: before it");
  HubName name;
  std::string_view model = text.substr(kPrefix.size());
  if (const size_t at = model.find('@'); at != model.npos) {
    name.revision = model.substr(at + 1);
    model = model.substr(0, at);
  }
  const size_t slash = model.find('/');
  const bool good = slash == model.npos
                        ? IsPart(model)
                        : IsPart(model.substr(0, slash)) && IsPart(model.substr(slash + 1));
  if (!good || model.find("--") != model.npos) return refuse("not a model's name");
  std::string_view rest = name.revision;
  for (;;) {
    const size_t end = std::min(rest.find('/'), rest.size());
    if (!IsPart(rest.substr(0, end))) return refuse("not a revision");
    if (end == rest.size()) break;
    rest.remove_prefix(end + 1);
  }
  name.model = model;
  return name;
}

std::string AsPathPart(std::string_view revision) {
  std::string part;
  for (const char c : revision) part += c == '/' ? std::string("%2F") : std::string(1, c);
  return part;
}

bool IsCommit(std::string_view revision) {
  return revision.size() == 40 && revision.find_first_not_of("0123456789abcdef") == revision.npos;
}

bool IsPlainFileName(std::string_view name) { return IsPart(name); }

}  // namespace xp::trainer
