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

bool WorkerHealth::Counts(const std::vector<End>& row, const End& end) const {
  if (end.outcome != Outcome::kProgramFailure || end.ran >= settings_.quick) return false;
  // One bad program is no bad worker.
  return std::none_of(row.begin(), row.end(),
                      [&](const End& other) { return other.trial == end.trial; });
}

std::optional<std::string> WorkerHealth::Consider(std::string_view worker, const End& end) const {
  const auto found = rows_.find(std::string(worker));
  std::vector<End> row = found == rows_.end() ? std::vector<End>() : found->second;
  if (!Counts(row, end)) return std::nullopt;
  row.push_back(end);
  if (row.size() < static_cast<size_t>(settings_.failures)) return std::nullopt;
  return Message(row, settings_.quick);
}

std::optional<std::string> WorkerHealth::NoteEnd(std::string_view worker, const End& end) {
  if (end.outcome == Outcome::kOther) return std::nullopt;
  std::optional<std::string> message = Consider(worker, end);
  const std::string name(worker);
  if (message || end.outcome == Outcome::kFine || end.ran >= settings_.quick) {
    rows_.erase(name);
  } else if (std::vector<End>& row = rows_[name]; Counts(row, end)) {
    row.push_back(end);
  }
  return message;
}

void WorkerHealth::Forget(std::string_view worker) { rows_.erase(std::string(worker)); }

}  // namespace xp::core
