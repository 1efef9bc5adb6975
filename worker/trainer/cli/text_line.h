// The lines that `tokenize` and `predict` read. Pure functions, any thread.
#pragma once

#include <absl/status/statusor.h>
#include <string>

namespace xp::trainer {

// Nothing but blanks: no line to `tokenize`, a text like others to `predict`.
bool IsBlankLine(const std::string& line);

// The text of {"text": "..."}; invalid UTF-8 in it is replaced as the tokenisers do.
// INVALID_ARGUMENT says what is wrong, and where in the line.
absl::StatusOr<std::string> ParseTextLine(const std::string& line);

}  // namespace xp::trainer
