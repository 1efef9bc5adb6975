#include "worker/capture/number.h"

#include <absl/strings/charconv.h>

#include <charconv>
#include <cmath>
#include <limits>

#include "worker/capture/clean_text.h"

namespace xp::capture {
namespace {

bool IsDigit(char c) { return '0' <= c && c <= '9'; }

bool IsNameCharacter(char c) {
  return IsDigit(c) || ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') || c == '_' || c == '.';
}

std::string_view StripBlanksAndQuotes(std::string_view text) {
  text = TrimBlanks(text);
  while (!text.empty() && (text.front() == '\'' || text.front() == '"')) {
    text = TrimBlanks(text.substr(1));
  }
  while (!text.empty() && (text.back() == '\'' || text.back() == '"')) {
    text = TrimBlanks(text.substr(0, text.size() - 1));
  }
  return text;
}

// The first argument of `name(number)` or `name(number, key=...)`; other texts as they are. Further
// arguments must be named ones (as in `tensor(0.9, device='cuda:0')`): `max(0.1, 0.2)` is not 0.1.
std::string_view LookThroughCall(std::string_view text) {
  size_t at = 0;
  while (at < text.size() && IsNameCharacter(text[at])) ++at;
  if (at == 0 || at >= text.size() || text[at] != '(' || text.back() != ')' || IsDigit(text[0])) {
    return text;
  }
  const std::string_view arguments = text.substr(at + 1, text.size() - at - 2);
  const size_t comma = arguments.find(',');
  if (comma == std::string_view::npos) return arguments;
  const std::string_view next = TrimBlanks(arguments.substr(comma + 1));
  size_t name = 0;
  while (name < next.size() && IsNameCharacter(next[name])) ++name;
  const bool named = name > 0 && name < next.size() && next[name] == '=';
  return named ? arguments.substr(0, comma) : text;
}

// [+-]? ( digits [. digits*] | . digits ) ( [eE] [+-]? digits )? over the whole text.
bool IsDecimal(std::string_view text) {
  size_t at = 0;
  const auto skip_digits = [&] {
    const size_t first = at;
    while (at < text.size() && IsDigit(text[at])) ++at;
    return at - first;
  };
  size_t digits = skip_digits();
  if (at < text.size() && text[at] == '.') {
    ++at;
    digits += skip_digits();
  }
  if (digits == 0) return false;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (skip_digits() == 0) return false;
  }
  return at == text.size();
}

// What is left when all that may surround a number is gone.
std::string_view Unwrap(std::string_view text) {
  return StripBlanksAndQuotes(LookThroughCall(StripBlanksAndQuotes(text)));
}

std::optional<double> ParseBare(std::string_view text) {
  double sign = 1;
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
    sign = text[0] == '-' ? -1 : 1;
    text.remove_prefix(1);
  }
  if (text.size() <= 8) {
    const std::string word = ToLowerAscii(text);
    if (word == "nan") return std::numeric_limits<double>::quiet_NaN();
    if (word == "inf" || word == "infinity") return sign * std::numeric_limits<double>::infinity();
  }
  if (!IsDecimal(text)) return std::nullopt;
  double value = 0;
  const absl::from_chars_result result =
      absl::from_chars(text.data(), text.data() + text.size(), value);
  // Out of range it gives the largest double, or the smallest or zero.
  if (result.ec == std::errc::result_out_of_range && value > 1) {
    value = std::numeric_limits<double>::infinity();
  }
  return sign * value;
}

}  // namespace

std::optional<double> ParseNumber(std::string_view text) { return ParseBare(Unwrap(text)); }

std::optional<int64_t> ParseStep(std::string_view text) {
  text = Unwrap(text);
  const std::string_view digits = !text.empty() && text[0] == '+' ? text.substr(1) : text;
  int64_t step = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), step);
  const bool second_sign = digits.size() < text.size() && !digits.empty() && digits[0] == '-';
  if (result.ec == std::errc() && result.ptr == digits.data() + digits.size() && !second_sign) {
    return step;
  }
  const std::optional<double> value = ParseBare(text);
  constexpr double kExact = 9007199254740992.0;  // 2^53: beyond it doubles skip whole numbers
  if (!value || !(std::abs(*value) <= kExact) || *value != std::floor(*value)) return std::nullopt;
  return static_cast<int64_t>(*value);
}

}  // namespace xp::capture
