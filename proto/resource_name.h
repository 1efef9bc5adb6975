// Names of experiments, trials, datasets and channels, and the pair "E/T" that names a trial.
// Values are checked where they are made; a made one is valid. Safe from any thread.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <string>
#include <string_view>

namespace xp {

// INVALID_ARGUMENT unless `name` is 1-120 of [A-Za-z0-9._-] beginning with a letter or digit.
// `field` is the path that the message begins with, e.g. "trials[2].name".
absl::Status CheckName(std::string_view field, std::string_view name);

// What compares equal for names that differ only in case (they are unique without regard to it).
std::string FoldName(std::string_view name);

// "E/T".
struct TrialName {
  std::string experiment;
  std::string trial;

  // INVALID_ARGUMENT when there is not exactly one '/' or a part is no valid name.
  static absl::StatusOr<TrialName> Parse(std::string_view field, std::string_view text);
  std::string ToString() const { return experiment + "/" + trial; }

  friend bool operator==(const TrialName&, const TrialName&) = default;
};

}  // namespace xp
