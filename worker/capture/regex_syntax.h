// What is done with the text of a regex before RE2 sees it, and words taken out of it for hints.
// Knows just enough of the syntax to tell groups from escapes and character classes. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace xp::capture {

struct RegexProblem {
  size_t character = 0;  // where, counted in characters from 1
  std::string message;   // what is there and what to write instead
};

// `(?<name>` becomes `(?P<name>`.
std::string RewriteNamedGroups(std::string_view regex);

// Look-around and back-references, which RE2 has not: the first one, if any.
std::optional<RegexProblem> FindUnsupported(std::string_view regex);

// The character number (from 1) of the byte at `at`.
size_t CharacterAt(std::string_view text, size_t at);

// Words (letters, digits, underscores) that a match must nearly always hold, in lower case, each
// once: whole words and their parts between underscores, of 2 characters or more, longest first, at
// most 8. `'eval_f1': (.*?),` gives eval_f1, eval, f1.
std::vector<std::string> LiteralWords(std::string_view regex);

}  // namespace xp::capture
