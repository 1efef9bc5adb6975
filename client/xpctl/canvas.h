// A terminal chart: lines of several series on one canvas, in braille dots (two by four a
// character) or, for terminals and files without colours, one letter a series. Pure functions.
#pragma once

#include <string>
#include <vector>

namespace xp::xpctl {

struct ChartSeries {
  std::string name;
  std::vector<double> x;  // rising or not; as many as y
  std::vector<double> y;  // what is not finite is left out
};

enum class ChartStyle {
  kColour,   // braille, a colour per series
  kLetters,  // a, b, c ... per series; `*` where two meet
};

struct ChartOptions {
  int width = 80;   // columns in all
  int height = 16;  // lines of the canvas
  std::string x_label;
  ChartStyle style = ChartStyle::kLetters;
};

// The canvas with its axes and a legend; "no points" without any.
std::string DrawChart(const std::string& title, const std::vector<ChartSeries>& series,
                      const ChartOptions& options);

}  // namespace xp::xpctl
