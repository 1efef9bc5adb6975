#include "client/xpctl/spec/quantities.h"

#include <absl/strings/ascii.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include <array>
#include <cmath>
#include <utility>

#include "proto/limits.h"
#include "proto/status.h"

namespace xp::xpctl {
namespace {

// The number at the beginning of `*text`, taken off it; false when there is none.
bool TakeNumber(std::string_view* text, double* number) {
  size_t end = 0;
  while (end < text->size() && ((*text)[end] == '.' || absl::ascii_isdigit((*text)[end]))) ++end;
  if (end == 0 || !absl::SimpleAtod(ToAbsl(text->substr(0, end)), number)) return false;
  text->remove_prefix(end);
  return true;
}

std::string_view TakeWord(std::string_view* text) {
  size_t end = 0;
  while (end < text->size() && absl::ascii_isalpha((*text)[end])) ++end;
  const std::string_view word = text->substr(0, end);
  text->remove_prefix(end);
  return word;
}

struct Unit {
  const char* name;
  double factor;
};

constexpr std::array<Unit, 5> kTimeUnits{
    {{"d", 86400}, {"h", 3600}, {"m", 60}, {"s", 1}, {"ms", 0.001}}};
constexpr std::array<Unit, 9> kSizeUnits{{{"b", 1},
                                          {"kb", 1e3},
                                          {"mb", 1e6},
                                          {"gb", 1e9},
                                          {"tb", 1e12},
                                          {"kib", 1024.0},
                                          {"mib", 1048576.0},
                                          {"gib", 1073741824.0},
                                          {"tib", 1099511627776.0}}};

}  // namespace

absl::StatusOr<absl::Duration> ParseDuration(std::string_view text) {
  const absl::Status bad = absl::InvalidArgumentError(
      absl::StrCat("\"", ToAbsl(text),
                   "\" is no duration; write a number with a unit: 90s, 30m, 2h, 1h30m or 1d"));
  std::string_view rest = text;
  double seconds = 0;
  size_t next_unit = 0;
  if (rest.empty()) return bad;
  while (!rest.empty()) {
    double number = 0;
    if (!TakeNumber(&rest, &number)) return bad;
    const std::string_view word = TakeWord(&rest);
    size_t unit = next_unit;
    while (unit < kTimeUnits.size() && word != kTimeUnits[unit].name) ++unit;
    if (unit == kTimeUnits.size()) return bad;
    if (!rest.empty() && number != std::floor(number)) return bad;
    seconds += number * kTimeUnits[unit].factor;
    next_unit = unit + 1;
  }
  if (!(seconds > 0)) {
    return absl::InvalidArgumentError("must be longer than nothing, e.g. 90s, 30m or 2h");
  }
  if (seconds > limits::kDurationMaxSeconds) {
    return absl::InvalidArgumentError("is longer than 366 days");
  }
  return absl::Milliseconds(std::llround(seconds * 1000));
}

std::string ShowDuration(absl::Duration duration) {
  if (duration < absl::ZeroDuration()) return "-" + ShowDuration(-duration);
  if (duration < absl::Seconds(1)) {
    return absl::StrCat(absl::ToInt64Milliseconds(duration), "ms");
  }
  const int64_t seconds = absl::ToInt64Seconds(duration);
  if (seconds < 10) return absl::StrFormat("%.1fs", absl::ToDoubleSeconds(duration));
  if (seconds < 60) return absl::StrCat(seconds, "s");
  if (seconds < 3600) return absl::StrFormat("%dm %02ds", seconds / 60, seconds % 60);
  if (seconds < 86400) return absl::StrFormat("%dh %02dm", seconds / 3600, seconds / 60 % 60);
  return absl::StrFormat("%dd %02dh", seconds / 86400, seconds / 3600 % 24);
}

absl::StatusOr<uint64_t> ParseSize(std::string_view text) {
  const absl::Status bad = absl::InvalidArgumentError(absl::StrCat(
      "\"", ToAbsl(text), "\" is no size; write a number with a unit: 512MiB, 16GiB or 80GB"));
  std::string_view rest = text;
  double number = 0;
  if (!TakeNumber(&rest, &number)) return bad;
  while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
  const std::string word = absl::AsciiStrToLower(ToAbsl(rest));
  for (const Unit& unit : kSizeUnits) {
    if (word != unit.name) continue;
    const double bytes = number * unit.factor;
    if (bytes > 9e18) return absl::InvalidArgumentError("is larger than any memory");
    return static_cast<uint64_t>(std::llround(bytes));
  }
  return bad;
}

std::string ShowSize(uint64_t bytes) {
  if (bytes < 1024) return absl::StrCat(bytes, " B");
  static constexpr const char* kNames[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double value = static_cast<double>(bytes) / 1024;
  size_t name = 0;
  while (value >= 1023.95 && name + 1 < std::size(kNames)) {
    value /= 1024;
    ++name;
  }
  return absl::StrFormat("%.1f %s", value, kNames[name]);
}

}  // namespace xp::xpctl
