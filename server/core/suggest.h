// "Did you mean": lists and near misses for messages about unknown names.
// Pure functions; safe from any thread.
#pragma once

#include <absl/types/span.h>

#include <string>
#include <string_view>

namespace xp::core {

// "; did you mean 'state'?" for the nearest of `names` within two edits, without regard to case;
// else "".
std::string DidYouMean(std::string_view wrong, absl::Span<const std::string> names);

// "a, b, c" with at most `most` names, then "… (7 more)"; "none" for no names.
std::string NameList(absl::Span<const std::string> names, size_t most = 20);

}  // namespace xp::core
