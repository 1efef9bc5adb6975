// Bytes of a log as text for people: the last lines, and valid UTF-8. Pure; safe from any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace xp::store {

// The same text with U+FFFD for what is no UTF-8 (API texts must be), and without NUL.
std::string ToUtf8(std::string_view bytes);

// Where the last `max_lines` lines of `bytes` begin. A line ends at LF; a last LF ends a line and
// begins none.
size_t LastLinesBegin(std::string_view bytes, size_t max_lines);

// The last lines, at most `max_bytes` of them, as a terminal leaves them: of a line that carriage
// returns overwrote (a progress bar) the last part only.
std::string LastLines(std::string_view bytes, size_t max_lines, size_t max_bytes);

}  // namespace xp::store
