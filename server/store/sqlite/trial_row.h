// A row of `trials` with the name of its experiment, and what is made of it. For reads and writes
// alike: whoever has a connection.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/resource_name.h"
#include "server/core/retry_policy.h"
#include "server/core/trial_state.h"
#include "server/store/live_trial.h"
#include "server/store/sqlite/database.h"

namespace xp::store {

struct TrialRow {
  // Never changes.
  int64_t id = 0;
  std::string uid;
  int64_t experiment_id = 0;
  std::string experiment;
  std::string name;
  std::string resources;  // Resources, serialised
  int32_t retries = 0;
  int64_t timeout_ms = 0;
  bool resume = false;
  bool tracked_run = false;
  int64_t create_time = 0;
  std::string request_id;
  // Changes; SaveTrial writes these.
  std::string tags;
  int32_t priority = 0;
  core::TrialState state = core::TrialState::kQueued;
  core::FailureReason failure = core::FailureReason::kNone;
  core::StopReason stop = core::StopReason::kNone;
  std::string message;
  int32_t attempt = 0;
  std::string worker;
  int64_t start_time = 0;
  int64_t end_time = 0;
  int64_t update_time = 0;
  int64_t queue_order = 0;
  int64_t queued_time = 0;
  int64_t finishing_time = 0;
  int32_t failures = 0;
  int32_t worker_faults = 0;
  std::vector<std::string> faulted_workers;
  int64_t used_ms = 0;
  std::string retry_request_id;

  std::string full_name() const { return experiment + "/" + name; }
  core::AttemptKey key() const { return {{id}, attempt}; }
  core::RetryBudget budget() const {
    return {retries, failures, worker_faults,
            tracked_run ? core::Rerun::kNever : core::Rerun::kAnywhere};
  }
};

// The columns that ReadTrialRow takes, in its order: "SELECT " XP_TRIAL_COLUMNS " WHERE ...".
#define XP_TRIAL_COLUMNS                                                                         \
  "t.id, t.uid, t.experiment_id, e.name, t.name, t.resources, t.retries, t.timeout_ms, "         \
  "t.resume, t.tracked_run, t.create_time, t.request_id, t.tags, t.priority, t.state, "          \
  "t.failure, t.stop, t.message, t.attempt, t.worker, t.start_time, t.end_time, t.update_time, " \
  "t.queue_order, t.queued_time, t.finishing_time, t.failures, t.worker_faults, "                \
  "t.faulted_workers, t.used_ms, t.retry_request_id "                                            \
  "FROM trials t JOIN experiments e ON e.id = t.experiment_id"

absl::StatusOr<TrialRow> ReadTrialRow(const Query& query);

// NOT_FOUND, also when it is deleted. By name it says which of the two parts is not there and names
// the nearest that is.
absl::StatusOr<TrialRow> FindTrial(Database& db, const TrialName& name);
absl::StatusOr<TrialRow> FindTrial(Database& db, std::string_view name);  // "E/T"
absl::StatusOr<TrialRow> FindTrialByUid(Database& db, std::string_view uid);
absl::StatusOr<TrialRow> LoadTrial(Database& db, int64_t id);

absl::Status SaveTrial(Database& db, const TrialRow& row);

enum class TrialView { kShort, kFull };  // full: with spec, notes and log tail

absl::StatusOr<v1::Trial> ToTrial(Database& db, const TrialRow& row, TrialView view);
absl::StatusOr<LiveTrial> ToLiveTrial(Database& db, const TrialRow& row);
absl::StatusOr<v1::TrialSpec> LoadSpec(Database& db, int64_t trial_id);

}  // namespace xp::store
