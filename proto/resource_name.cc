#include "proto/resource_name.h"

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>

#include <algorithm>

#include "proto/limits.h"
#include "proto/status.h"

namespace xp {
namespace {

bool IsNameCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-';
}

}  // namespace

absl::Status CheckName(std::string_view field, std::string_view name) {
  const bool valid = !name.empty() && name.size() <= limits::kNameMaxLength &&
                     absl::ascii_isalnum(static_cast<unsigned char>(name[0])) &&
                     std::all_of(name.begin(), name.end(), IsNameCharacter);
  if (valid) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      ToAbsl(field), ": '", ToAbsl(name.substr(0, 200)), "' is no valid name; a name is 1 to ",
      limits::kNameMaxLength, " of A-Z a-z 0-9 . _ - and begins with a letter or digit"));
}

std::string FoldName(std::string_view name) { return absl::AsciiStrToLower(ToAbsl(name)); }

absl::StatusOr<TrialName> TrialName::Parse(std::string_view field, std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos || text.find('/', slash + 1) != std::string_view::npos) {
    return absl::InvalidArgumentError(absl::StrCat(
        ToAbsl(field), ": '", ToAbsl(text.substr(0, 300)),
        "' names no trial; write EXPERIMENT/TRIAL, e.g. nlp-classification/distilbert"));
  }
  TrialName name{std::string(text.substr(0, slash)), std::string(text.substr(slash + 1))};
  XP_RETURN_IF_ERROR(CheckName(field, name.experiment));
  XP_RETURN_IF_ERROR(CheckName(field, name.trial));
  return name;
}

}  // namespace xp
