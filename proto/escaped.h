// Text that came from others, made safe to show: what a terminal or a log would act on is spelled
// out. Pure; safe from any thread.
#pragma once

#include <string>
#include <string_view>

namespace xp {

enum class LineBreaks { kEscape, kKeep };

// Control characters (ESC, NUL, C1 and the marks that reverse the direction of text among them)
// become \xNN byte by byte, line breaks and tabs \n, \r and \t; all else stays.
std::string Escaped(std::string_view text, LineBreaks line_breaks = LineBreaks::kEscape);

}  // namespace xp
