#include "server/store/sqlite/trial_life.h"

#include "proto/status.h"

namespace xp::store {
namespace {

constexpr int kEventsKept = 1000;

}  // namespace

absl::Status Transition(WriteSession& session, TrialRow& row, core::TrialEvent event,
                        std::string_view why) {
  auto next = core::NextState(row.state, event, row.failure);
  if (!next.ok()) return Annotate(next.status(), row.full_name());
  const bool moved = *next != row.state;
  row.state = *next;
  row.update_time = session.now_ns();
  if (row.state != core::TrialState::kFailed) row.failure = core::FailureReason::kNone;
  if (moved) {
    row.end_time = core::IsEnded(row.state) ? session.now_ns() : 0;
    if (row.state == core::TrialState::kQueued) row.queued_time = session.now_ns();
    if (row.state == core::TrialState::kFinishing) row.finishing_time = session.now_ns();
  }
  session.changes().NoteTrial(row.id);
  if (!moved && why.empty()) return absl::OkStatus();
  row.message = std::string(why);
  return AddEvent(session, row, row.attempt, why);
}

absl::Status AddEvent(WriteSession& session, const TrialRow& row, int32_t attempt,
                      std::string_view message) {
  XP_RETURN_IF_ERROR(session.db().Run(
      "INSERT INTO events (trial_id, time, attempt, state, message) VALUES (?, ?, ?, ?, ?)", row.id,
      session.now_ns(), attempt, core::StateName(row.state), message));
  return session.db().Run(
      "DELETE FROM events WHERE trial_id = ?1 AND id <= (SELECT id FROM events WHERE trial_id = ?1 "
      "ORDER BY id DESC LIMIT 1 OFFSET ?2)",
      row.id, kEventsKept);
}

absl::Status MarkDeleted(WriteSession& session, const TrialRow& row, DeletePolicy policy) {
  const bool ended = core::IsEnded(row.state);
  if (!ended && policy == DeletePolicy::kOnlyEnded) {
    return absl::FailedPreconditionError(absl::StrCat(
        row.full_name(), " is ", ToAbsl(core::StateName(row.state)),
        ": only ended trials are deleted; stop it first, or delete with --force (force: true)"));
  }
  XP_RETURN_IF_ERROR(session.db().Run("UPDATE trials SET deleted = 1 WHERE id = ?", row.id));
  session.changes().NoteDeletion(
      {row.key(), row.uid, row.experiment, row.name, ended ? "" : row.worker});
  return absl::OkStatus();
}

}  // namespace xp::store
