// JSON lines of token ids, for comparison with other implementations:
// {"input_ids": [...], "attention_mask": [...], "token_type_ids": [...], "label": 1}
#pragma once

#include <absl/status/statusor.h>
#include <filesystem>
#include <istream>
#include <string>

#include "worker/trainer/data/shard.h"

namespace xp::trainer {

// Mask and token types are optional in each line. INVALID_ARGUMENT names the line.
absl::StatusOr<Examples> ReadIdsLines(const std::filesystem::path& file, Labels labels);
absl::StatusOr<Examples> ParseIdsLines(std::istream& in, const std::string& name, Labels labels);

}  // namespace xp::trainer
