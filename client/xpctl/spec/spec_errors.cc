#include "client/xpctl/spec/spec_errors.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <cstdio>

#include "proto/status.h"

namespace xp::xpctl {
namespace {
constexpr size_t kShown = 30;
}

void SpecErrors::Add(const YamlNode& where, std::string_view path, std::string_view what) {
  std::string text(path);
  if (!text.empty()) text += ": ";
  text += what;
  errors_.push_back({where.line, where.column, std::move(text)});
}

void SpecErrors::AddSyntax(std::string_view message) {
  int line = 0;
  int column = 0;
  int end = 0;
  const std::string text(message);
  if (std::sscanf(text.c_str(), "line %d, column %d: %n", &line, &column, &end) < 2) end = 0;
  errors_.push_back({line, column, text.substr(static_cast<size_t>(end))});
}

absl::Status SpecErrors::ToStatus() const {
  if (errors_.empty()) return absl::OkStatus();
  std::vector<Error> sorted = errors_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Error& a, const Error& b) {
    return std::pair(a.line, a.column) < std::pair(b.line, b.column);
  });
  std::string message;
  for (size_t i = 0; i < sorted.size() && i < kShown; ++i) {
    const Error& error = sorted[i];
    if (i > 0) message += '\n';
    message += file_;
    if (error.line > 0) absl::StrAppend(&message, ":", error.line, ":", error.column);
    absl::StrAppend(&message, ": ", error.text);
  }
  if (sorted.size() > kShown) absl::StrAppend(&message, "\n... ", sorted.size() - kShown, " more");
  return absl::InvalidArgumentError(message);
}

}  // namespace xp::xpctl
