#include "proto/status.h"
#include "server/store/sqlite/backfill_plan.h"
#include "server/store/sqlite/backfill_writes.h"

namespace xp::store {

absl::StatusOr<std::vector<BackfillPlan>> SqliteBackfillReads::ListPending() {
  ReadSession session(pool_);
  XP_RETURN_IF_ERROR(session.status());
  Database& db = session.db();
  std::vector<core::AttemptKey> waiting;
  {
    Query query(db,
                "SELECT a.trial_id, a.number FROM backfill_waiting w JOIN attempts a ON "
                "a.id = w.attempt_id JOIN trials t ON t.id = a.trial_id WHERE t.deleted = 0 "
                "ORDER BY a.id");
    while (query.Next()) waiting.push_back({{query.Int(0)}, query.Int32(1)});
    XP_RETURN_IF_ERROR(query.status());
  }
  std::vector<BackfillPlan> plans;
  for (const core::AttemptKey& key : waiting) {
    XP_ASSIGN_OR_RETURN(const TrialRow trial, LoadTrial(db, key.trial.value));
    XP_ASSIGN_OR_RETURN(const AttemptRow attempt, FindAttempt(db, trial.id, key.attempt));
    XP_ASSIGN_OR_RETURN(const v1::TrialSpec spec, LoadSpec(db, trial.id));
    XP_ASSIGN_OR_RETURN(const auto wanted, AddedDefinitions(db, trial.id));
    XP_ASSIGN_OR_RETURN(BackfillPlan plan, PlanAttempt(db, trial, attempt, spec, wanted));
    if (plan.readiness == BackfillPlan::Readiness::kReady) plans.push_back(std::move(plan));
  }
  return plans;
}

}  // namespace xp::store
