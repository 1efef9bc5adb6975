#include "client/xpctl/canvas.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "client/xpctl/format.h"
#include "client/xpctl/terminal.h"

namespace xp::xpctl {
namespace {

constexpr int kDotsAcross = 2;
constexpr int kDotsDown = 4;
constexpr int kLabelWidth = 11;
constexpr std::array<const char*, 6> kColours{"\x1b[36m", "\x1b[33m", "\x1b[35m",
                                              "\x1b[32m", "\x1b[34m", "\x1b[31m"};

struct Span {
  double low = INFINITY;
  double high = -INFINITY;
  void Add(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  // The place of `value` among `places`, 0 for low.
  int Place(double value, int places) const {
    if (high <= low) return places / 2;
    const double part = (value - low) / (high - low);
    return std::clamp(static_cast<int>(std::lround(part * (places - 1))), 0, places - 1);
  }
};

struct Box {
  uint8_t dots = 0;
  int series = -1;  // who drew last
  bool shared = false;
};

class Canvas {
 public:
  Canvas(int columns, int lines)
      : columns_(columns), lines_(lines), boxes_(static_cast<size_t>(columns * lines)) {}
  int dots_across() const { return columns_ * kDotsAcross; }
  int dots_down() const { return lines_ * kDotsDown; }

  // `y` grows upwards.
  void Dot(int x, int y, int series) {
    const int down = dots_down() - 1 - y;
    Box& box = boxes_[static_cast<size_t>(down / kDotsDown * columns_ + x / kDotsAcross)];
    static constexpr uint8_t kBits[kDotsDown][kDotsAcross] = {
        {0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    box.dots |= kBits[down % kDotsDown][x % kDotsAcross];
    box.shared = box.shared || (box.series >= 0 && box.series != series);
    box.series = series;
  }

  void Line(int x0, int y0, int x1, int y1, int series) {
    const int steps = std::max({std::abs(x1 - x0), std::abs(y1 - y0), 1});
    for (int i = 0; i <= steps; ++i) {
      const double part = static_cast<double>(i) / steps;
      Dot(static_cast<int>(std::lround(x0 + part * (x1 - x0))),
          static_cast<int>(std::lround(y0 + part * (y1 - y0))), series);
    }
  }

  std::string Row(int line, ChartStyle style) const {
    std::string out;
    for (int c = 0; c < columns_; ++c) {
      const Box& box = boxes_[static_cast<size_t>(line * columns_ + c)];
      if (box.dots == 0) {
        out += ' ';
      } else if (style == ChartStyle::kLetters) {
        out += box.shared ? '*' : static_cast<char>('a' + box.series % 26);
      } else {
        const uint32_t code = 0x2800u + box.dots;
        out += kColours[static_cast<size_t>(box.series) % kColours.size()];
        out += static_cast<char>(0xE0 | (code >> 12));
        out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
        out += static_cast<char>(0x80 | (code & 0x3F));
        out += "\x1b[0m";
      }
    }
    while (out.ends_with(' ')) out.pop_back();
    return out;
  }

 private:
  const int columns_;
  const int lines_;
  std::vector<Box> boxes_;
};

std::string Label(const std::string& text) {
  const int missing = std::max(0, kLabelWidth - DisplayWidth(text));
  return std::string(static_cast<size_t>(missing), ' ') + text;
}

}  // namespace

std::string DrawChart(const std::string& title, const std::vector<ChartSeries>& series,
                      const ChartOptions& options) {
  Span across;
  Span up;
  for (const ChartSeries& one : series) {
    for (size_t i = 0; i < one.y.size(); ++i) {
      if (!std::isfinite(one.y[i]) || !std::isfinite(one.x[i])) continue;
      across.Add(one.x[i]);
      up.Add(one.y[i]);
    }
  }
  if (!(up.low <= up.high)) return title + ": no points\n";
  Canvas canvas(std::max(20, options.width - kLabelWidth - 2), std::max(2, options.height));
  for (size_t s = 0; s < series.size(); ++s) {
    int last_x = -1;
    int last_y = 0;
    for (size_t i = 0; i < series[s].y.size(); ++i) {
      if (!std::isfinite(series[s].y[i]) || !std::isfinite(series[s].x[i])) continue;
      const int x = across.Place(series[s].x[i], canvas.dots_across());
      const int y = up.Place(series[s].y[i], canvas.dots_down());
      canvas.Line(last_x < 0 ? x : last_x, last_x < 0 ? y : last_y, x, y, static_cast<int>(s));
      last_x = x;
      last_y = y;
    }
  }
  std::string out = title + "\n";
  const int lines = std::max(2, options.height);
  for (int line = 0; line < lines; ++line) {
    std::string label;
    if (line == 0) label = ShortNumber(up.high);
    if (line == lines - 1) label = ShortNumber(up.low);
    out += Label(label) + " |" + canvas.Row(line, options.style) + "\n";
  }
  const std::string left = ShortNumber(across.low);
  const std::string right = ShortNumber(across.high);
  const int gap = canvas.dots_across() / kDotsAcross - DisplayWidth(left) - DisplayWidth(right) -
                  DisplayWidth(options.x_label);
  const auto half = static_cast<size_t>(std::max(2, gap)) / 2;
  out += Label("") + "  " + left + std::string(half, ' ') + options.x_label +
         std::string(static_cast<size_t>(std::max(2, gap)) - half, ' ') + right + "\n";
  for (size_t s = 0; s < series.size(); ++s) {
    const bool colour = options.style == ChartStyle::kColour;
    out += "  ";
    out += colour ? std::string(kColours[s % kColours.size()]) + "━━\x1b[0m"
                  : std::string(1, static_cast<char>('a' + s % 26));
    out += " " + Printable(series[s].name) + "\n";
  }
  return out;
}

}  // namespace xp::xpctl
