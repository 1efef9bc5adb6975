// CompareTrials: the store's summaries through core/trial_compare, paged.
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "proto/limits.h"
#include "proto/resource_name.h"
#include "proto/status.h"
#include "server/core/page_token.h"
#include "server/core/trial_compare.h"
#include "server/rpc/compare_message.h"
#include "server/rpc/compare_pages.h"
#include "server/rpc/services.h"
#include "server/store/metric_store.h"

namespace xp::rpc {
namespace {

absl::StatusOr<core::CompareOptions> MakeOptions(const v1::CompareTrialsRequest& request,
                                                 const store::CompareData& data,
                                                 core::MetricStat stat) {
  core::CompareOptions options;
  options.metrics.assign(request.metrics().begin(), request.metrics().end());
  options.stats = {stat};
  // A group's cell shows the mean of the averages also when another statistic ranks.
  if (!request.group_by().empty() && stat != core::MetricStat::kAvg) {
    options.stats.push_back(core::MetricStat::kAvg);
  }
  options.group_by = request.group_by();
  XP_ASSIGN_OR_RETURN(options.filter,
                      core::Filter::Parse("filter", request.filter(), core::TrialFilterFields()));
  options.sort = request.order_by();
  if (options.sort == "create_time") options.sort = "submitted";
  if (options.sort == "-create_time") options.sort = "-submitted";
  options.rank_by = data.rank_by;
  options.lower.assign(request.lower_is_better().begin(), request.lower_is_better().end());
  options.higher.assign(request.higher_is_better().begin(), request.higher_is_better().end());
  options.goals = data.goals;
  return options;
}

absl::StatusOr<Comparison> Compute(const ServerParts& parts,
                                   const v1::CompareTrialsRequest& request) {
  if (request.experiments().empty()) {
    return absl::InvalidArgumentError("experiments: is empty; name at least one");
  }
  for (int i = 0; i < request.experiments_size(); ++i) {
    XP_RETURN_IF_ERROR(CheckName(absl::StrCat("experiments[", i, "]"), request.experiments(i)));
  }
  Comparison comparison;
  if (!request.stat().empty()) {
    const auto stat = core::ParseStat(request.stat());
    if (!stat.has_value()) {
      return absl::InvalidArgumentError(
          absl::StrCat("stat: '", request.stat().substr(0, 50),
                       "' is none of avg, last, min, max, first, stddev and count"));
    }
    comparison.stat = *stat;
  }
  XP_ASSIGN_OR_RETURN(comparison.data, parts.store.metrics().Compare({request.experiments().begin(),
                                                                      request.experiments().end()},
                                                                     request.attempts()));
  XP_ASSIGN_OR_RETURN(const core::CompareOptions options,
                      MakeOptions(request, comparison.data, comparison.stat));
  comparison.group_by = request.group_by();
  comparison.trials.reserve(comparison.data.rows.size());
  for (store::CompareTrialRow& row : comparison.data.rows) {
    comparison.trials.push_back(std::move(row.trial));
  }
  XP_ASSIGN_OR_RETURN(comparison.table, core::CompareTrials(comparison.trials, options));
  for (size_t i = 0; i < comparison.table.columns.size(); ++i) {
    const core::MetricColumn& column = comparison.table.columns[i].column;
    const bool is_stat = column.stat == comparison.stat;
    auto known = std::find_if(comparison.metrics.begin(), comparison.metrics.end(),
                              [&](const auto& metric) { return metric.name == column.metric; });
    if (known == comparison.metrics.end()) {
      known = comparison.metrics.insert(known, {column.metric, i, i});
    }
    (is_stat ? known->stat_column : known->avg_column) = i;
    if (is_stat && column.stat == core::MetricStat::kAvg) known->avg_column = i;
  }
  return comparison;
}

core::RequestFingerprint Fingerprint(const v1::CompareTrialsRequest& request) {
  v1::CompareTrialsRequest same = request;
  same.clear_page_size();
  same.clear_page_token();
  core::RequestFingerprint fingerprint("CompareTrials");
  // The message has no maps, so its bytes are the same for the same content.
  fingerprint.Add("request", same.SerializeAsString());
  return fingerprint;
}

// Where a page begins: a row, and the table that it is a row of (0: none is kept).
struct Position {
  uint64_t table = 0;
  size_t row = 0;

  std::string ToString() const { return absl::StrCat(table, " ", row); }
};

absl::StatusOr<Position> ParsePosition(std::string_view text) {
  Position position;
  if (text.empty()) return position;
  const std::vector<absl::string_view> parts = absl::StrSplit(ToAbsl(text), ' ');
  if (parts.size() != 2 || !absl::SimpleAtoi(parts[0], &position.table) ||
      !absl::SimpleAtoi(parts[1], &position.row)) {
    return absl::InvalidArgumentError("page_token: is damaged; begin with an empty one");
  }
  return position;
}

// Adds serialised rows from `next` on, as many as the page takes, and moves `next` behind them.
absl::Status AddRows(const std::vector<std::string>& rows, int page_size, size_t& next,
                     v1::CompareTrialsResponse* response) {
  size_t bytes = response->ByteSizeLong();
  for (; next < rows.size() && response->rows_size() < page_size; ++next) {
    bytes += rows[next].size() + 4;
    if (response->rows_size() > 0 && bytes > limits::kMessageTargetBytes) break;
    if (!response->add_rows()->ParseFromString(rows[next])) {
      return absl::InternalError("a row of the table cannot be read back");
    }
  }
  return absl::OkStatus();
}

std::shared_ptr<const ComparePageRows> Serialise(const Comparison& comparison) {
  auto pages = std::make_shared<ComparePageRows>();
  pages->head = MakeHead(comparison);
  pages->rows.reserve(comparison.table.rows.size());
  for (const core::CompareRow& row : comparison.table.rows) {
    pages->rows.push_back(MakeRow(comparison, row).SerializeAsString());
  }
  return pages;
}

absl::Status Compare(const ServerParts& parts, ComparePages& kept,
                     const v1::CompareTrialsRequest& request, v1::CompareTrialsResponse* response) {
  XP_ASSIGN_OR_RETURN(const int page_size, core::CheckPageSize(request.page_size()));
  const core::RequestFingerprint fingerprint = Fingerprint(request);
  XP_ASSIGN_OR_RETURN(const std::string token,
                      core::ReadPageToken(request.page_token(), fingerprint));
  XP_ASSIGN_OR_RETURN(Position position, ParsePosition(token));
  std::shared_ptr<const ComparePageRows> table;
  if (position.table != 0) table = kept.Find(position.table);
  const bool is_new = table == nullptr;
  if (is_new) {
    XP_ASSIGN_OR_RETURN(const Comparison comparison, Compute(parts, request));
    table = Serialise(comparison);
  }
  *response = table->head;
  if (position.table != 0 && is_new) {
    response->add_notes(
        "the table that the first pages came from is no longer kept, so this page is of a new one: "
        "a "
        "trial may be missing or here twice. Ask from the first page for one that agrees.");
  }
  XP_RETURN_IF_ERROR(AddRows(table->rows, page_size, position.row, response));
  if (position.row < table->rows.size()) {
    if (is_new) position.table = kept.Keep(table);
    response->set_next_page_token(core::MakePageToken(position.ToString(), fingerprint));
  }
  return absl::OkStatus();
}

}  // namespace

void AddCompareTrials(MethodTable* table, const ServerParts& parts) {
  table->AddUnary<v1::CompareTrialsRequest, v1::CompareTrialsResponse>(
      "/xp.v1.Metrics/CompareTrials", [&parts, kept = std::make_shared<ComparePages>(parts.clock)](
                                          CallContext&, const auto& request, auto* response) {
        return Compare(parts, *kept, request, response);
      });
}

}  // namespace xp::rpc
