// The order of the compare table's rows: --sort, else rank_by, else as submitted.
// Pure functions on values; safe from any thread.
#pragma once

#include <absl/status/status.h>
#include <absl/types/span.h>

#include <string>
#include <vector>

#include "server/core/compare_input.h"
#include "server/core/trial_compare.h"

namespace xp::core {

// Sorts `rows`, which come as submitted. Equal ones keep their order; missing values come last.
// INVALID_ARGUMENT ("sort: ...") for a key that does not exist; an unknown rank_by adds a line to
// `notes` instead.
absl::Status SortRows(const CompareInput& input, const CompareOptions& options,
                      std::vector<CompareRow>& rows, std::vector<std::string>& notes);

}  // namespace xp::core
