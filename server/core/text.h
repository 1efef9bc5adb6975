// The border between std::string_view and Debian's absl::string_view, which do not convert into
// each other (facts/dependencies.md section 2). proto/status.h has the same pair, but brings gRPC.
#pragma once

#include <absl/strings/string_view.h>

#include <string_view>

namespace xp::core {

inline absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view FromAbsl(absl::string_view text) { return {text.data(), text.size()}; }

}  // namespace xp::core
