// A spec file (DESIGN section 12, docs/spec-file.md) as the trials that it stands for: defaults
// merged, matrix multiplied, everything checked that can be checked without a server: what the
// server refuses in it is refused here (spec_check.h).
//
// Errors: INVALID_ARGUMENT with every problem found, one line each ("FILE:LINE:COLUMN: PATH: ...");
// NOT_FOUND or PERMISSION_DENIED when the file itself cannot be read. Functions; any thread.
#pragma once

#include <absl/status/statusor.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "client/xpctl/spec/trial_section.h"

namespace xp::xpctl {

struct SpecTrial {
  std::string name;
  TrialSection section;  // merged with the defaults; its matrix is spent
  size_t entry = 0;      // in the file's list: a matrix makes several trials of one
};

struct SpecFile {
  std::string experiment;
  std::string description;
  std::string rank_by;
  std::map<std::string, std::string> tags;
  std::string notes;
  std::vector<SpecTrial> trials;  // at least one, names unique without regard to case
};

// `file` as messages name it; relative paths in the text begin at `folder`.
absl::StatusOr<SpecFile> ParseSpec(std::string_view text, const std::string& file,
                                   const std::string& folder);

// "-" reads `standard_input`, with relative paths from the working directory.
absl::StatusOr<SpecFile> ReadSpecFile(const std::string& path, std::istream& standard_input);

}  // namespace xp::xpctl
