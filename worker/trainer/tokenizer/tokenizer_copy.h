// The tokenizer files of a model folder, held in memory: what is trained for hours is saved with
// them, whatever has become of the folder by then. Any thread.
#pragma once

#include <absl/status/statusor.h>
#include <filesystem>
#include <map>
#include <string>

namespace xp::trainer {

using TokenizerCopy = std::map<std::string, std::string>;  // contents by file name

// Empty where the folder has none. Errors: ReadFile's.
absl::StatusOr<TokenizerCopy> ReadTokenizerCopy(const std::filesystem::path& dir);

// Tokenizer files that lie there of another model go. Errors: WriteFile's.
absl::Status WriteTokenizerCopy(const TokenizerCopy& copy, const std::filesystem::path& dir);

}  // namespace xp::trainer
