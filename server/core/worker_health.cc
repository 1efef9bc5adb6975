#include "server/core/worker_health.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include <algorithm>
#include <cstddef>

#include "server/core/text.h"

namespace xp::core {
namespace {

std::string Message(const std::vector<WorkerHealth::End>& row, absl::Duration quick) {
  std::string text = absl::StrFormat(
      "drained by the server: %d trials in a row failed here in less than %s:", row.size(),
      absl::FormatDuration(quick));
  for (size_t i = 0; i < row.size(); ++i) {
    absl::StrAppendFormat(&text, "%s %s (%s after %.1f s)", i == 0 ? "" : ",", row[i].trial_name,
                          row[i].detail, absl::ToDoubleSeconds(row[i].ran));
  }
  return absl::StrCat(text, ". Look at the machine, then let it take trials again.");
}

}  // namespace

std::optional<std::string> WorkerHealth::NoteEnd(std::string_view worker, const End& end) {
  if (end.outcome == Outcome::kOther) return std::nullopt;
  const std::string name(worker);
  if (end.outcome == Outcome::kFine || end.ran >= settings_.quick) {
    rows_.erase(name);
    return std::nullopt;
  }
  std::vector<End>& row = rows_[name];
  const bool known = std::any_of(row.begin(), row.end(),
                                 [&](const End& other) { return other.trial == end.trial; });
  if (known) return std::nullopt;  // one bad program is no bad worker
  row.push_back(end);
  if (row.size() < static_cast<size_t>(settings_.failures)) return std::nullopt;
  std::string message = Message(row, settings_.quick);
  rows_.erase(name);
  return message;
}

void WorkerHealth::Forget(std::string_view worker) { rows_.erase(std::string(worker)); }

}  // namespace xp::core
