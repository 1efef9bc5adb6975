#include "worker/trainer/train/log_lines.h"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace xp::trainer {

std::string PythonFloat(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  char buffer[64];
  const auto scientific =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
  const std::string_view text(buffer, size_t(scientific.ptr - buffer));
  const int exponent = std::atoi(std::string(text.substr(text.find('e') + 1)).c_str());
  if (value != 0 && (exponent < -4 || exponent >= 16)) return std::string(text);
  const auto fixed = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed);
  std::string out(buffer, fixed.ptr);
  if (out.find('.') == out.npos) out += ".0";
  return out;
}

double RoundTo(double value, int digits) {
  if (!std::isfinite(value)) return value;
  char buffer[400];
  std::snprintf(buffer, sizeof buffer, "%.*f", digits, value);  // exact, half to even, as Python's
  return std::strtod(buffer, nullptr);
}

std::string DictLine(const std::vector<std::pair<std::string, double>>& entries) {
  std::string line = "{";
  for (const auto& [name, value] : entries) {
    if (line.size() > 1) line += ", ";
    line += "'" + name + "': " + PythonFloat(value);
  }
  return line + "}";
}

}  // namespace xp::trainer
