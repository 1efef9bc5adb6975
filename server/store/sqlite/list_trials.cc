#include <absl/strings/ascii.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "proto/resource_name.h"
#include "proto/status.h"
#include "server/core/filter.h"
#include "server/core/filter_terms.h"
#include "server/core/page_token.h"
#include "server/core/trial_compare.h"
#include "server/store/sqlite/compare_rows.h"
#include "server/store/sqlite/experiment_row.h"
#include "server/store/sqlite/page_budget.h"
#include "server/store/sqlite/trial_cursor.h"
#include "server/store/sqlite/trial_reads.h"
#include "server/store/sqlite/trial_row.h"

namespace xp::store {
namespace {

std::string ToText(const TrialPosition& position) {
  return absl::StrCat(position.id, " ", position.folded_name);
}
TrialPosition ParsePosition(std::string_view text) {
  TrialPosition position;
  const size_t space = std::min(text.find(' '), text.size());
  std::from_chars(text.data(), text.data() + space, position.id);
  if (space < text.size()) position.folded_name = std::string(text.substr(space + 1));
  return position;
}

absl::StatusOr<TrialOrder> ParseTrialOrder(std::string_view text) {
  if (text.empty() || text == "create_time") return TrialOrder::kCreate;
  if (text == "-create_time") return TrialOrder::kCreateDescending;
  if (text == "name") return TrialOrder::kName;
  if (text == "-name") return TrialOrder::kNameDescending;
  return absl::InvalidArgumentError(absl::StrCat(
      "order_by: '", ToAbsl(text), "' is no order; create_time, -create_time, name and -name are"));
}

// Reads of the trial only what the filter asks for.
absl::StatusOr<bool> Matches(Database& db, const core::Filter& filter, const TrialRow& row) {
  if (filter.root() == nullptr) return true;
  CompareTrialRow compare;
  if (core::Mentions(filter, "metrics")) {
    XP_ASSIGN_OR_RETURN(const auto attempts, LoadSummaries(db, row.id));
    ShowCounting(attempts, compare);
  }
  compare.trial.worker = row.worker;  // as the list shows it
  std::string params;
  if (core::Mentions(filter, "params")) {
    Query query(db, "SELECT params FROM trials WHERE id = ?", row.id);
    if (query.Next()) params = query.Text(0);
    XP_RETURN_IF_ERROR(query.status());
  }
  XP_RETURN_IF_ERROR(FillFromTrial(row, params, compare));
  return filter.Matches(
      [&](const core::FilterPath& path) { return core::LookupTrialField(compare.trial, path); });
}

// The id of the experiment; -1 when there is none: no trial has it.
absl::StatusOr<int64_t> ExperimentId(Database& db, std::string_view name) {
  const auto row = FindExperiment(db, name);
  if (absl::IsNotFound(row.status())) return -1;
  XP_RETURN_IF_ERROR(row.status());
  return row->id;
}

// What the filter says that an index can use.
absl::StatusOr<TrialSearch> SearchOf(Database& db, const core::Filter& filter,
                                     const std::string& experiment) {
  TrialSearch search;
  if (!experiment.empty()) {
    XP_ASSIGN_OR_RETURN(const ExperimentRow row, FindExperiment(db, experiment));
    search.experiment = row.id;
  } else if (const auto named = core::RequiredText(filter, "experiment")) {
    XP_ASSIGN_OR_RETURN(search.experiment, ExperimentId(db, *named));
  }
  if (const auto state = core::RequiredText(filter, "state")) {
    search.state = absl::AsciiStrToUpper(*state);
  }
  if (const auto name = core::RequiredText(filter, "name")) search.folded_name = FoldName(*name);
  return search;
}

absl::StatusOr<v1::Trial> ToListed(Database& db, const TrialRow& row,
                                   const v1::ListTrialsRequest& request) {
  XP_ASSIGN_OR_RETURN(v1::Trial trial, ToTrial(db, row, TrialView::kShort));
  if (request.include_spec()) {
    XP_ASSIGN_OR_RETURN(*trial.mutable_spec(), LoadSpec(db, row.id));
  }
  return trial;
}

}  // namespace

absl::StatusOr<v1::ListTrialsResponse> SqliteTrialReads::List(
    const v1::ListTrialsRequest& request) {
  core::RequestFingerprint fingerprint("ListTrials");
  fingerprint.Add("experiment", request.experiment())
      .Add("filter", request.filter())
      .Add("order_by", request.order_by())
      .Add("include_spec", request.include_spec() ? 1 : 0);
  XP_ASSIGN_OR_RETURN(const int page_size, core::CheckPageSize(request.page_size()));
  XP_ASSIGN_OR_RETURN(const std::string token,
                      core::ReadPageToken(request.page_token(), fingerprint));
  XP_ASSIGN_OR_RETURN(const TrialOrder order, ParseTrialOrder(request.order_by()));
  XP_ASSIGN_OR_RETURN(const core::Filter filter,
                      core::Filter::Parse("filter", request.filter(), core::TrialFilterFields()));
  ReadSession session(pool_);
  XP_RETURN_IF_ERROR(session.status());
  Database& db = session.db();
  XP_ASSIGN_OR_RETURN(const TrialSearch search, SearchOf(db, filter, request.experiment()));
  v1::ListTrialsResponse response;
  PageBudget page(page_size);
  TrialPosition last = ParsePosition(token);
  TrialCursor cursor(db, search, order, last);
  while (cursor.Next()) {
    XP_ASSIGN_OR_RETURN(const TrialRow row, LoadTrial(db, cursor.id()));
    XP_ASSIGN_OR_RETURN(const bool matches, Matches(db, filter, row));
    if (!matches) continue;
    XP_ASSIGN_OR_RETURN(v1::Trial trial, ToListed(db, row, request));
    if (!page.Take(trial)) {
      response.set_next_page_token(core::MakePageToken(ToText(last), fingerprint));
      break;
    }
    *response.add_trials() = std::move(trial);
    last = {FoldName(row.name), row.id};
  }
  XP_RETURN_IF_ERROR(cursor.status());
  return response;
}

}  // namespace xp::store
