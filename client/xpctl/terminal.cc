#include "client/xpctl/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "client/cpp/utf8.h"

namespace xp::xpctl {
namespace {

struct Range {
  uint32_t first;
  uint32_t last;
};

// Combining marks and joiners (Unicode general category Mn, Me, Cf), coarsely.
constexpr std::array<Range, 13> kZeroWidth{{{0x0300, 0x036F},
                                            {0x0483, 0x0489},
                                            {0x0591, 0x05BD},
                                            {0x064B, 0x065F},
                                            {0x0E34, 0x0E3A},
                                            {0x1AB0, 0x1AFF},
                                            {0x1DC0, 0x1DFF},
                                            {0x200B, 0x200F},
                                            {0x202A, 0x202E},
                                            {0x20D0, 0x20FF},
                                            {0xFE00, 0xFE0F},
                                            {0xFE20, 0xFE2F},
                                            {0xE0100, 0xE01EF}}};
// East Asian Width W and F, and emoji that terminals show wide, coarsely.
constexpr std::array<Range, 12> kWide{{{0x1100, 0x115F},
                                       {0x2E80, 0x303E},
                                       {0x3041, 0x33FF},
                                       {0x3400, 0x4DBF},
                                       {0x4E00, 0x9FFF},
                                       {0xA000, 0xA4CF},
                                       {0xAC00, 0xD7A3},
                                       {0xF900, 0xFAFF},
                                       {0xFE30, 0xFE6F},
                                       {0xFF00, 0xFF60},
                                       {0x1F300, 0x1FAFF},
                                       {0x20000, 0x3FFFD}}};

template <size_t N>
bool In(const std::array<Range, N>& ranges, uint32_t code) {
  for (const Range& range : ranges) {
    if (range.first <= code && code <= range.last) return true;
  }
  return false;
}

int Width(uint32_t code) {
  if (code == client::kBadByte) return 1;
  if (code < 0x20 || (code >= 0x7F && code < 0xA0) || In(kZeroWidth, code)) return 0;
  return In(kWide, code) ? 2 : 1;
}

// Behind the escape sequence ("ESC [ ... letter") that begins at `at`.
size_t SkipEscape(std::string_view text, size_t at) {
  if (at + 1 >= text.size() || text[at + 1] != '[') return at + 1;
  for (at += 2; at < text.size(); ++at) {
    if (text[at] >= '@' && text[at] <= '~') return at + 1;
  }
  return at;
}

}  // namespace

Terminal InspectTerminal(int fd, const GetEnv& getenv) {
  Terminal terminal;
  terminal.is_terminal = ::isatty(fd) == 1;
  if (!terminal.is_terminal) {
    terminal.width = 0;
    return terminal;
  }
  winsize size{};
  const char* const columns = getenv("COLUMNS");  // who sets it means it
  if (const int width = columns == nullptr ? 0 : std::atoi(columns); width > 0) {
    terminal.width = width;
  } else if (::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    terminal.width = size.ws_col;
  }
  const char* no_colour = getenv("NO_COLOR");
  const char* term = getenv("TERM");
  terminal.colour = (no_colour == nullptr || *no_colour == '\0') &&
                    (term == nullptr || std::string_view(term) != "dumb");
  return terminal;
}

int DisplayWidth(std::string_view text) {
  int width = 0;
  for (size_t at = 0; at < text.size();) {
    if (text[at] == '\x1b') {
      at = SkipEscape(text, at);
    } else {
      width += Width(client::NextCodePoint(text, &at));
    }
  }
  return width;
}

std::string Elide(std::string_view text, int width) {
  if (DisplayWidth(text) <= width) return std::string(text);
  if (width < 1) return "";
  int used = 0;
  size_t end = 0;
  for (size_t at = 0; at < text.size();) {
    const int next = Width(client::NextCodePoint(text, &at));
    if (used + next > width - 1) break;
    used += next;
    end = at;
  }
  return std::string(text.substr(0, end)) + "…";
}

std::string Printable(std::string_view text) {
  std::string clean;
  for (size_t at = 0; at < text.size();) {
    const size_t begin = at;
    const uint32_t code = client::NextCodePoint(text, &at);
    if (code == client::kBadByte) {
      clean += "\xEF\xBF\xBD";
    } else if (code == '\t' || code == '\n' || code == '\r') {
      clean += ' ';
    } else if (code == 0x1b) {
      at = SkipEscape(text, begin);
    } else if (code >= 0x20 && (code < 0x7F || code >= 0xA0)) {
      clean += text.substr(begin, at - begin);
    }
  }
  return clean;
}

}  // namespace xp::xpctl
