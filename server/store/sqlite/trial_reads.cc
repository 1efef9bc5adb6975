#include "server/store/sqlite/trial_reads.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "proto/resource_name.h"
#include "proto/status.h"
#include "server/core/page_token.h"
#include "server/store/sqlite/attempt_row.h"
#include "server/store/sqlite/experiment_row.h"
#include "server/store/sqlite/page_budget.h"
#include "server/store/sqlite/trial_row.h"
#include "server/store/words.h"

namespace xp::store {
namespace {

constexpr int kEventsShown = 1000;

absl::StatusOr<std::vector<LiveTrial>> TakeLive(Database& db, Query& query) {
  std::vector<LiveTrial> trials;
  while (query.Next()) {
    XP_ASSIGN_OR_RETURN(const TrialRow row, ReadTrialRow(query));
    XP_ASSIGN_OR_RETURN(LiveTrial live, ToLiveTrial(db, row));
    trials.push_back(std::move(live));
  }
  XP_RETURN_IF_ERROR(query.status());
  return trials;
}

}  // namespace

absl::StatusOr<v1::Trial> SqliteTrialReads::Get(std::string_view name) {
  ReadSession session(pool_);
  XP_RETURN_IF_ERROR(session.status());
  XP_ASSIGN_OR_RETURN(const TrialRow row, FindTrial(session.db(), name));
  return ToTrial(session.db(), row, TrialView::kFull);
}

absl::StatusOr<v1::Trial> SqliteTrialReads::GetByUid(std::string_view uid) {
  ReadSession session(pool_);
  XP_RETURN_IF_ERROR(session.status());
  XP_ASSIGN_OR_RETURN(const TrialRow row, FindTrialByUid(session.db(), uid));
  return ToTrial(session.db(), row, TrialView::kFull);
}

absl::StatusOr<std::vector<LiveTrial>> SqliteTrialReads::Watch(
    std::string_view experiment, const std::vector<std::string>& trials) {
  ReadSession session(pool_);
  XP_RETURN_IF_ERROR(session.status());
  Database& db = session.db();
  if (experiment.empty()) {
    Query query(db, "SELECT " XP_TRIAL_COLUMNS " WHERE t.deleted = 0 ORDER BY t.id");
    return TakeLive(db, query);
  }
  XP_ASSIGN_OR_RETURN(const ExperimentRow row, FindExperiment(db, experiment));
  if (trials.empty()) {
    Query query(
        db, "SELECT " XP_TRIAL_COLUMNS " WHERE t.experiment_id = ? AND t.deleted = 0 ORDER BY t.id",
        row.id);
    return TakeLive(db, query);
  }
  std::vector<LiveTrial> found;
  for (const std::string& name : trials) {
    XP_ASSIGN_OR_RETURN(const TrialRow trial, FindTrial(db, TrialName{row.name, name}));
    XP_ASSIGN_OR_RETURN(LiveTrial live, ToLiveTrial(db, trial));
    found.push_back(std::move(live));
  }
  std::sort(found.begin(), found.end(),
            [](const LiveTrial& a, const LiveTrial& b) { return a.id < b.id; });
  return found;
}

absl::StatusOr<std::vector<LiveTrial>> SqliteTrialReads::ListLive() {
  ReadSession session(pool_);
  XP_RETURN_IF_ERROR(session.status());
  Query query(session.db(),
              "SELECT " XP_TRIAL_COLUMNS
              " WHERE t.deleted = 0 AND t.state NOT IN ('COMPLETED', 'FAILED', 'STOPPED') "
              "ORDER BY t.id");
  return TakeLive(session.db(), query);
}

absl::StatusOr<v1::ListAttemptsResponse> SqliteTrialReads::ListAttempts(
    const v1::ListAttemptsRequest& request) {
  core::RequestFingerprint fingerprint("ListAttempts");
  fingerprint.Add("name", request.name());
  XP_ASSIGN_OR_RETURN(const int page_size, core::CheckPageSize(request.page_size()));
  XP_ASSIGN_OR_RETURN(const std::string after,
                      core::ReadPageToken(request.page_token(), fingerprint));
  int32_t last = 0;
  std::from_chars(after.data(), after.data() + after.size(), last);
  ReadSession session(pool_);
  XP_RETURN_IF_ERROR(session.status());
  XP_ASSIGN_OR_RETURN(const TrialRow trial, FindTrial(session.db(), request.name()));
  XP_ASSIGN_OR_RETURN(const auto rows, ListAttemptRows(session.db(), trial.id));
  v1::ListAttemptsResponse response;
  PageBudget page(page_size);
  for (const AttemptRow& row : rows) {
    if (row.number <= last) continue;
    v1::Attempt attempt = ToAttempt(row);
    if (!page.Take(attempt)) {
      response.set_next_page_token(
          core::MakePageToken(std::to_string(response.attempts().rbegin()->number()), fingerprint));
      break;
    }
    *response.add_attempts() = std::move(attempt);
  }
  return response;
}

absl::StatusOr<std::vector<v1::TrialEvent>> SqliteTrialReads::ListEvents(std::string_view name) {
  ReadSession session(pool_);
  XP_RETURN_IF_ERROR(session.status());
  XP_ASSIGN_OR_RETURN(const TrialRow trial, FindTrial(session.db(), name));
  std::vector<v1::TrialEvent> events;
  PageBudget page(kEventsShown);
  Query query(session.db(),
              "SELECT time, attempt, state, message FROM events WHERE trial_id = ? "
              "ORDER BY id DESC LIMIT ?",
              trial.id, kEventsShown);
  while (query.Next()) {
    v1::TrialEvent event;
    *event.mutable_time() = ToTimestamp(query.Int(0));
    event.set_attempt(query.Int32(1));
    XP_ASSIGN_OR_RETURN(const core::TrialState state, StoredState(query.View(2)));
    event.set_state(ToMessage(state));
    event.set_message(query.Text(3));
    if (!page.Take(event)) break;
    events.push_back(std::move(event));
  }
  XP_RETURN_IF_ERROR(query.status());
  std::reverse(events.begin(), events.end());
  return events;
}

}  // namespace xp::store
