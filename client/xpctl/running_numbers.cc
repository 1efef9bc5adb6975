#include "client/xpctl/running_numbers.h"

#include <absl/strings/str_cat.h>

#include "client/xpctl/format.h"

namespace xp::xpctl {
namespace {

constexpr absl::Duration kInterval = absl::Minutes(1);
constexpr int kMaxTrials = 100;
constexpr size_t kMaxLines = 20;
constexpr int kMaxMetrics = 8;

std::string LastOfEach(const v1::CompareTrialsResponse& table, const v1::CompareRow& row) {
  std::string text;
  int shown = 0;
  int left_out = 0;
  for (int i = 0; i < row.cells_size() && i < table.columns_size(); ++i) {
    if (!row.cells(i).present()) continue;
    if (shown == kMaxMetrics) {
      ++left_out;
      continue;
    }
    absl::StrAppend(&text, shown++ == 0 ? "" : ", ", Printable(table.columns(i).metric()), " ",
                    ShortNumber(row.cells(i).summary().last()));
  }
  if (left_out > 0) absl::StrAppend(&text, " and ", left_out, " more");
  return text;
}

}  // namespace

RunningNumbers::RunningNumbers(client::Client& client, std::string experiment,
                               const std::vector<std::string>& trials, absl::Time began)
    : client_(client),
      experiment_(std::move(experiment)),
      trials_(trials.begin(), trials.end()),
      asked_(began) {}

bool RunningNumbers::HasNew(const v1::CompareRow& row) {
  if (!trials_.contains(row.trial()) || row.from_predecessor()) return false;
  uint64_t points = 0;
  for (const v1::CompareCell& cell : row.cells()) points += cell.summary().count();
  const std::pair<int, uint64_t> now{row.attempt(), points};
  std::pair<int, uint64_t>& told = told_[row.trial()];
  const bool is_new = points > 0 && now != told;
  told = now;
  return is_new;
}

std::vector<RunningNumbers::Line> RunningNumbers::News(absl::Time now) {
  if (now - asked_ < kInterval) return {};
  asked_ = now;
  v1::CompareTrialsRequest request;
  request.add_experiments(experiment_);
  request.set_filter("state = RUNNING");
  request.set_order_by("name");
  request.set_page_size(kMaxTrials);
  const auto table = client_.Call(&v1::Metrics::Stub::CompareTrials, request);
  if (!table.ok()) return {};
  std::vector<Line> lines;
  for (const v1::CompareRow& row : table->rows()) {
    if (lines.size() == kMaxLines) break;
    if (HasNew(row)) lines.push_back({row.name(), LastOfEach(*table, row)});
  }
  return lines;
}

}  // namespace xp::xpctl
