// What the output goes to: a terminal with a width and colours, or a file or pipe.
// Values and functions; safe from any thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace xp::xpctl {

struct Terminal {
  bool is_terminal = false;  // progress bars and redrawing are for terminals alone
  bool colour = false;       // a terminal, without NO_COLOR and TERM=dumb
  int width = 80;            // columns; of a file 0: no limit
};

using GetEnv = std::function<const char*(const char*)>;

// Looks at file descriptor `fd` (1 or 2).
Terminal InspectTerminal(int fd, const GetEnv& getenv);

// Columns that `text` takes on a terminal: combining marks none, East Asian wide characters and
// emoji two, escape sequences and control characters none.
int DisplayWidth(std::string_view text);

// The text cut to `width` columns, ending in "…" where something was cut.
std::string Elide(std::string_view text, int width);

// Without control characters and broken UTF-8: what came from a program's log must not drive the
// reader's terminal. Tabs and line ends become blanks. For cells of tables; messages, where it
// counts what stood there, spell it out (proto/escaped.h).
std::string Printable(std::string_view text);

}  // namespace xp::xpctl
