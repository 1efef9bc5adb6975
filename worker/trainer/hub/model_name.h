// "hub:ORG/NAME@REVISION": how a model on a hub is named. Pure functions, any thread.
#pragma once

#include <absl/status/statusor.h>
#include <string>
#include <string_view>

namespace xp::trainer {

struct HubName {
  std::string model;              // "distilbert-base-uncased", "org/name"
  std::string revision = "main";  // branch, tag or commit
};

bool IsHubName(std::string_view text);  // begins with "hub:"

// INVALID_ARGUMENT when the name or the revision has characters that no hub allows, or the name has
// "--", which no hub allows either: it stands for the '/' in the cache's folders.
absl::StatusOr<HubName> ParseHubName(std::string_view text);

// A revision as one part of a URL's or a file's path: '/' becomes %2F, and '%' is in no revision.
std::string AsPathPart(std::string_view revision);

// 40 hexadecimal digits: a revision that can never mean something else.
bool IsCommit(std::string_view revision);

// A file's name within a model's folder: no folders, no "..", nothing hidden.
bool IsPlainFileName(std::string_view name);

}  // namespace xp::trainer
