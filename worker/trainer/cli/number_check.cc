#include "worker/trainer/cli/number_check.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_format.h>
#include <charconv>
#include <string>

namespace xp::trainer {
namespace {

// An empty text: the value is fine. CLI11 puts the option's name before what is returned.
std::string Refused(const std::string& value, const std::string& accepted) {
  return absl::StrFormat("is '%s'; accepted: %s", value, accepted);
}

}  // namespace

CLI::Validator WholeNumber(uint64_t low, uint64_t high) {
  const auto check = [low, high](std::string& text) -> std::string {
    uint64_t value = 0;
    const char* end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, value);
    if (error == std::errc() && stopped == end && value >= low && value <= high) {
      text = std::to_string(value);  // CLI11 would take 010 for octal
      return "";
    }
    return Refused(text, absl::StrFormat("a whole number from %d to %d", low, high));
  };
  return CLI::Validator(check, absl::StrFormat("UINT in [%d - %d]", low, high));
}

CLI::Validator FiniteNumber(double low, double high, HighEnd end) {
  const char* below = end == HighEnd::kExcluded ? "below " : "";
  const auto check = [=](std::string& text) -> std::string {
    double value = 0;
    const bool within = absl::SimpleAtod(text, &value) && value >= low &&
                        (value < high || (value == high && end == HighEnd::kIncluded));
    if (within) return "";
    return Refused(text, absl::StrFormat("a number from %g to %s%g", low, below, high));
  };
  return CLI::Validator(check, absl::StrFormat("FLOAT in [%g - %s%g]", low, below, high));
}

CLI::Validator DeviceName() {
  const auto check = [](std::string& text) -> std::string {
    uint64_t index = 0;
    const bool numbered = text.starts_with("cuda:") && absl::SimpleAtoi(text.substr(5), &index) &&
                          text == absl::StrFormat("cuda:%d", index);
    if (text == "auto" || text == "cpu" || text == "cuda" || numbered) return "";
    return Refused(text, "auto, cpu, cuda, cuda:N");
  };
  return CLI::Validator(check, "");
}

}  // namespace xp::trainer
