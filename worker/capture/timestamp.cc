#include "worker/capture/timestamp.h"

#include <cmath>
#include <string>

#include "worker/capture/clean_text.h"
#include "worker/capture/number.h"

namespace xp::capture {
namespace {

constexpr int64_t kEndOfYear9999Ms = 253402300799999;
constexpr double kFirstMilliseconds = 1e11;

std::optional<int64_t> InRange(int64_t ms) {
  if (ms < 0 || ms > kEndOfYear9999Ms) return std::nullopt;
  return ms;
}

bool HasShape(std::string_view text, std::string_view shape) {
  if (text.size() < shape.size()) return false;
  for (size_t i = 0; i < shape.size(); ++i) {
    const bool digit = '0' <= text[i] && text[i] <= '9';
    if (shape[i] == '0' ? !digit : text[i] != shape[i]) return false;
  }
  return true;
}

}  // namespace

std::optional<int64_t> ParseTimestamp(std::string_view text, absl::TimeZone zone) {
  text = TrimBlanks(text);
  if (text.size() > 64) return std::nullopt;  // longer than any form accepted
  if (const std::optional<double> number = ParseNumber(text)) {
    const double ms = *number < kFirstMilliseconds ? *number * 1000 : *number;
    if (!(ms >= 0) || ms > static_cast<double>(kEndOfYear9999Ms)) return std::nullopt;
    return InRange(std::llround(ms));
  }
  // One form for absl: a T between date and time, a point before the fraction.
  std::string normal(text);
  if (!HasShape(normal, "0000-00-00") || normal.size() < 19) return std::nullopt;
  if (normal[10] == ' ' || normal[10] == 't') normal[10] = 'T';
  if (!HasShape(normal, "0000-00-00T00:00:00")) return std::nullopt;
  if (normal.size() > 19 && normal[19] == ',') normal[19] = '.';
  if (normal.back() == 'z') normal.back() = 'Z';
  absl::Time time;
  const bool with_zone = absl::ParseTime("%Y-%m-%dT%H:%M:%E*S%Ez", normal, &time, nullptr);
  if (!with_zone && !absl::ParseTime("%Y-%m-%dT%H:%M:%E*S", normal, zone, &time, nullptr)) {
    return std::nullopt;
  }
  return InRange(absl::ToUnixMillis(time));
}

}  // namespace xp::capture
